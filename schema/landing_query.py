"""Where visitors land, and the shop's own pages: the roots of reading them."""

from typing import Annotated, Final

import strawberry

from engine.declare import Order, one, page, read
from engine.keyset import TIME
from engine.rows import Rows
from resolvers.visit_address import scene_token, share_token
from schema.by_handle import DECODERS, HandleArgument, IdArgument, by_id_or_handle
from schema.connection import paged
from schema.group_buy_team import IS_PUBLIC
from schema.landing import Landing
from schema.page import Page, PageConnection
from schema.scalars import Handle
from schema.visibility import on_sale

_PAGES: Final = page(order=Order("{t}.created_at", TIME, descending=True))

# By unique keys only, and always one row. Only one branch of what a link leads to finds anything.
_LANDING: Final = """
select link.id as share_id, link.promoter_id, coalesce(found.kind, 'HOME') as kind, found.id as target_id,
    array_remove(array[
        case when {is_shared} and read.id is null then 'SHARE_UNKNOWN' end,
        case when read.id is not null and link.id is null then 'SHARE_EXPIRED' end,
        case when {is_named} and (found.id is null or found.is_gone) then 'TARGET_GONE' end
    ], null) as warnings
from (select {token}::text as token) asked
left join share_link read on read.shop_id = {shop} and read.token = asked.token
left join lateral (
    select read.id, read.promoter_id, read.target_kind, read.target_id
    where read.id is not null and (read.expires_at is null or read.expires_at > {now})
) link on true
left join lateral ({found}) found on true
"""
_LEADS: Final = "link.target_kind is not null and link.target_kind <> 'SHOP'"

# Each kind of target: its table, and what it opens as.
_TABLES: Final = {"PRODUCT": "product", "COLLECTION": "collection", "PAGE": "page"}
_OPENS: Final = {
    "PRODUCT": "'PRODUCT'",
    "COLLECTION": "'COLLECTION'",
    "PAGE": "case a.kind when 'HOME' then 'HOME' else 'TOPIC' end",
}
_SHOWN: Final = {"PRODUCT": on_sale("a"), "COLLECTION": "a.published", "PAGE": "a.published"}

# A team that nobody sees any more, or yet, opens its product instead. Who leads it does not count here: what is not
# personal can be read once for many.
_TEAM: Final = """
select case when {shown} then 'TEAM' when g.id is not null then 'PRODUCT' else 'HOME' end as kind,
    case when {shown} then a.id else g.id end as id, not ({shown}) as is_gone
from group_buy_team a
join group_buy b on b.shop_id = a.shop_id and b.id = a.group_buy_id
left join product g on g.shop_id = b.shop_id and g.id = b.product_id and {on_sale}
where a.shop_id = {{shop}} and {condition}
"""

# Argument -> what it names, and by which column.
_NAMES: Final = {
    "productId": ("PRODUCT", "id"),
    "productHandle": ("PRODUCT", "handle"),
    "collectionId": ("COLLECTION", "id"),
    "collectionHandle": ("COLLECTION", "handle"),
    "pageId": ("PAGE", "id"),
    "pageHandle": ("PAGE", "handle"),
    "teamId": ("TEAM", "id"),
}
_PREFIXES: Final = {"PRODUCT": "prd", "COLLECTION": "col", "PAGE": "pag", "TEAM": "gbt"}


_TOKENS: Final = {"scene": scene_token, "shareToken": share_token}
"""Arguments that may carry a token, the stronger first."""

_VIEWED: Final = {
    "productId": "view id",
    "productHandle": "view handle",
    "scene": "view scene",
    "shareToken": "view token",
}
"""What is noted of a landing that may be on a product's page."""


def _target(rows: Rows, kind: str, condition: str) -> str:
    if kind == "TEAM":
        shown = "true" if rows.statement.lifts("ORDERS") else IS_PUBLIC.replace("{t}", "a")
        return _TEAM.format(shown=shown, on_sale=on_sale("g"), condition=condition)
    shown = "true" if rows.statement.lifts("") else _SHOWN[kind]
    return (
        f"select {_OPENS[kind]} as kind, a.id, false as is_gone from {_TABLES[kind]} a"
        f" where a.shop_id = {{shop}} and {shown} and {condition}"
    )


def _named(rows: Rows, name: str, value: object) -> str:
    """The row that an argument names, if it is shown."""
    kind, column = _NAMES[name]
    if column == "id":
        return _target(rows, kind, f"a.id = {rows.bind(value, 'uuid', DECODERS[_PREFIXES[kind]])}")
    return _target(rows, kind, f"a.handle = {rows.bind(value, 'text')}")


def _led_to(rows: Rows) -> str:
    """The row that the share link leads to, if it is shown."""
    return " union all ".join(
        _target(rows, kind, f"a.id = link.target_id and link.target_kind = '{kind}'") for kind in (*_TABLES, "TEAM")
    )


def _land(rows: Rows, asked: object) -> None:
    """Derive the row of a landing from its input."""
    given = {name: value for name, value in asked.items() if value is not None} if isinstance(asked, dict) else {}
    named = [name for name in _NAMES if name in given]
    shared = [rows.bind(given[name], "boolean", bool) for name in _TOKENS if name in given]
    tokens = [rows.bind(given[name], "text", read) for name, read in _TOKENS.items() if name in given]
    found = _LANDING.format(
        shop="{shop}",
        now="{now}",
        is_shared=" or ".join(shared) or "false",
        is_named="true" if named else _LEADS,
        token=f"coalesce({', '.join(tokens)})" if tokens else "null",
        found=_named(rows, named[0], given[named[0]]) if named else _led_to(rows),
    )
    rows.derive(rows.fill(found))
    opened = next((name for name in (*named, *_TOKENS) if name in given), "")
    if opened in _VIEWED:
        rows.note(_VIEWED[opened], given[opened])


@strawberry.input(
    description="Where to land. Name a product, a collection, a page or a team, or nothing: then it is where the share"
    " link leads, or the home page. Of several the first of these fields counts. Send what the address had: `onLoad`"
    " options and `scene`."
)
class LandingInput:
    """One target, and by what the visitor came."""

    product_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="A product by id.")
    product_handle: Handle | None = strawberry.field(default=strawberry.UNSET, description="A product by handle.")
    collection_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="A collection by id.")
    collection_handle: Handle | None = strawberry.field(default=strawberry.UNSET, description="A collection by handle.")
    page_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="A page by id.")
    page_handle: Handle | None = strawberry.field(default=strawberry.UNSET, description="A page by handle.")
    team_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="A team by id.")
    scene: str | None = strawberry.field(
        default=strawberry.UNSET, description="What a mini-program code carried: `t=<token>`, escaped or not."
    )
    share_token: str | None = strawberry.field(
        default=strawberry.UNSET, description="What a card carried as `st=`; `scene` goes before it."
    )


LandingArgument = Annotated[
    LandingInput | None, strawberry.argument(description="Where to land; the home page when left out.")
]


@strawberry.type
class LandingQuery:
    """Part of Query."""

    @read(one(), Landing, description="All that the page shows on which a visitor lands, in one answer.")
    def landing(rows: Rows, input: LandingArgument = None) -> None:
        """One derived row."""
        _land(rows, input)

    @read(one(), Page | None, description="One page, by id or by handle; null when there is none to be seen.")
    def page(rows: Rows, id: IdArgument = None, handle: HandleArgument = None) -> None:
        """By the one that is given."""
        by_id_or_handle(rows, "pag", id, handle)

    @paged(_PAGES, PageConnection, description="The shop's pages, newest first.")
    def pages(rows: Rows) -> None:
        """All that the caller may see."""
