"""No statement reaches beyond the viewer's shop: by its text, and by running it for somebody else."""

import re
from importlib import import_module
from uuid import UUID

import pytest
from tortoise.models import Model

from engine.statement import Statement
from models.database import MODELS, fetch_value
from models.staff import Role
from tests.engine.both import Both, DifferentError, customer, staff, visitor
from tests.engine.documents_world import NODE_TABLES
from tests.engine.proof import Viewpoint, prove, viewpoints
from tests.engine.small_shop import TABLES, SmallShop

pytestmark = pytest.mark.slow

SEEDS = range(5_000, 5_200)
READ = {*TABLES, "product_words"} - {"staff"}
"""What reads look into: all that the small shop has but who works there, and the words made of it."""
PLATFORM = {"region", "carrier"}
"""Of no shop: the same for everybody."""
_ALL = {
    model._meta.db_table
    for name in MODELS
    for model in vars(import_module(name)).values()
    if isinstance(model, type) and issubclass(model, Model) and model._meta.db_table
} - PLATFORM
# A table after `from`, a comma or `join`, and the alias it gets, or `where` when it gets none.
_REFERENCE = re.compile(rf"(?:\bfrom|,|\bjoin)\s+({'|'.join(sorted(_ALL))})\s+(\w+)")
_BIND = r"\$\d+::uuid"


def unscoped(sql: str) -> list[str]:
    """Tables of a statement whose alias no condition ties to the viewer's shop, or to a row that is."""
    found = []
    for table, alias in set(_REFERENCE.findall(sql)):
        references = len(re.findall(rf"(?:\bfrom|,|\bjoin)\s+{table}\s+{alias}\b", sql))
        column = "id" if table == "shop" else "shop_id"
        named = table if alias == "on" else alias
        own = rf"where (?:{table}\.)?{column}" if alias == "where" else rf"(?<!\w){named}\.{column}"
        conditions = re.findall(rf"{own} = (?:{_BIND}|\w+\.shop_id)|uuid_cmp\({alias}\.{column}, {_BIND}\) = 0", sql)
        if len(conditions) < references:
            found.append(f"{table} {alias}")
    return found


@pytest.fixture(scope="module")
async def points(small: SmallShop) -> list[Viewpoint]:
    """Who asks."""
    return await viewpoints(small)


@pytest.fixture
async def asked(both: Both, small: SmallShop, points: list[Viewpoint]) -> list[tuple[str, tuple[object, ...]]]:
    """Statements of generated documents, and of what they hardly ever ask; each once, with the small shop's binds."""
    before = len(both.asked)
    await prove(both, points, SEEDS, ask=both.data)
    for text in (
        "{ merchantAccounts { appids } messagePushes { appid } }",
        "{ orders { nodes { shipments { lines { quantity } } } } }",
    ):
        await both.data(text, None, staff(small, Role.OWNER))
    return list({sql: (sql, binds) for sql, binds in both.asked[before:]}.values())


async def test_every_table_has_its_shop_condition(asked: list[tuple[str, tuple[object, ...]]]) -> None:
    """Read off the text of every statement; of logins, secrets and who works here nothing is ever read."""
    assert len(asked) > len(SEEDS)
    assert [(found, sql) for sql, _binds in asked if (found := unscoped(sql))] == []
    assert {table for sql, _binds in asked for table, _alias in _REFERENCE.findall(sql)} == READ


def _for(shop: UUID, own: UUID, binds: tuple[object, ...]) -> tuple[object, ...]:
    return tuple(shop if bind == own else bind for bind in binds)


def _marks(shop: SmallShop) -> list[str]:
    return [
        shop.word,
        *(row["id"].hex for rows in shop.rows.values() for row in rows if isinstance(row.get("id"), UUID)),
        *(str(row["visit_id"]) for row in shop.rows["visit"]),
    ]


async def test_no_statement_shows_a_shop_to_another(
    asked: list[tuple[str, tuple[object, ...]]], small: SmallShop, neighbour: SmallShop
) -> None:
    """Every bind stays (ids, handles, filters, places in lists) but the shop: the other sees nothing of it."""
    marks = _marks(small)
    shown = 0
    for sql, binds in asked:
        own = (await fetch_value(sql, binds)).decode()
        other = (await fetch_value(sql, _for(neighbour.id, small.id, binds))).decode()
        shown += any(mark in own for mark in marks)
        assert not [mark for mark in marks if mark in other], sql
    assert shown > 0.6 * len(asked)


async def test_ids_of_another_shop_name_nothing(both: Both, small: SmallShop, neighbour: SmallShop) -> None:
    """Staff of a shop ask for each row of it by id, and then for all of the other's."""
    document = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    prefixes = {table: prefix for prefix, table in NODE_TABLES.items() if table not in {"customer", "address", "cart"}}
    ids = [f"{prefixes[table]}_{id_.hex}" for table in prefixes for id_ in small.ids(table)[:6]]

    own = await both.data(document, {"ids": ids}, staff(small, Role.OWNER))
    other = await both.data(document, {"ids": ids}, staff(neighbour, Role.OWNER))

    assert [node["id"] for node in own["nodes"]] == ids
    assert other["nodes"] == [None] * len(ids)


async def test_nobody_is_shown_a_customer_but_themselves(both: Both, small: SmallShop, neighbour: SmallShop) -> None:
    """By the id of everybody: customers find themselves, the owner nobody, and a namesake next door nobody either."""
    document = "query($ids: [ID!]!) { viewer { id } nodes(ids: $ids) { id } }"
    ids = [f"cus_{id_.hex}" for shop in (small, neighbour) for id_ in shop.ids("customer")]
    nothing = {"viewer": None, "nodes": [None] * len(ids)}
    for number, id_ in enumerate(ids[:3]):
        own = [{"id": id_} if one == id_ else None for one in ids]
        assert await both.same(document, {"ids": ids}, customer(small, number)) == {"viewer": {"id": id_}, "nodes": own}
    for stranger in (staff(small, Role.OWNER), visitor(small), customer(small)._replace(shop_id=neighbour.id)):
        assert await both.same(document, {"ids": ids}, stranger) == nothing


async def test_orders_are_shown_to_whose_they_are_and_to_who_keeps_them(
    both: Both, small: SmallShop, neighbour: SmallShop
) -> None:
    """By the id of each, with all that hangs from them; who keeps the catalogue keeps no orders."""
    document = "query($ids: [ID!]!) { nodes(ids: $ids) { id ... on Order { payments { id } refunds { id } } } }"
    tables = {"ord": "orders", "oln": "order_line", "dlv": "delivery", "rfd": "refund", "pcl": "shipment"}
    rows = {f"{prefix}_{row['id'].hex}": row for prefix, table in tables.items() for row in small.rows[table]}
    first = {row["id"] for row in small.rows["orders"] if row["customer_id"] == small.ids("customer")[0]}
    own = {id_ for id_, row in rows.items() if row.get("order_id", row["id"]) in first}
    for viewer, seen in (
        (customer(small), own),
        (customer(small, 1), set(rows) - own),
        (staff(small, Role.ORDERS), set(rows)),
        (staff(small, Role.CATALOGUE, Role.ANALYTICS), set()),
        (visitor(small), set()),
        (staff(neighbour, Role.OWNER), set()),
        (customer(small)._replace(shop_id=neighbour.id), set()),
    ):
        nodes = (await both.same(document, {"ids": list(rows)}, viewer))["nodes"]
        assert {node["id"] for node in nodes if node} == seen


async def test_who_works_here_reads_their_own_shares(both: Both, small: SmallShop, neighbour: SmallShop) -> None:
    """The owner too; somebody else of the house has none, and next door the same person is nobody."""
    document = "{ myShareLinks(first: 100) { nodes { shareLink { id } visits { total } orders { placed } } } }"
    [me] = small.ids("staff")
    promoter = next(row["id"] for row in small.rows["promoter"] if row["staff_id"] == me)
    links = {f"lnk_{row['id'].hex}" for row in small.rows["share_link"] if row["promoter_id"] == promoter}
    for viewer, own in (
        (staff(small, Role.KOL), links),
        (staff(small, Role.OWNER), links),
        (staff(small, Role.KOL)._replace(subject_id=neighbour.ids("staff")[0]), set()),
        (staff(small, Role.KOL)._replace(shop_id=neighbour.id), set()),
    ):
        nodes = (await both.same(document, None, viewer))["myShareLinks"]["nodes"]
        assert {node["shareLink"]["id"] for node in nodes} == own
        assert bool(own) == any(node["orders"]["placed"] for node in nodes)


async def test_what_is_noted_is_shown_by_whose_it_is(both: Both, small: SmallShop, neighbour: SmallShop) -> None:
    """By the id of each: of goods to one keeper, of what is bought to another, and what is not private to the owner."""
    document = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    rows = {f"mtf_{row['id'].hex}": row for row in small.rows["metafield"]}
    of_goods = {id_ for id_, row in rows.items() if row.get("product_id") or row.get("variant_id")}
    first = small.ids("customer")[0]
    theirs = {first, *(row["id"] for table in ("cart", "orders") for row in small.rows[table]
                       if row.get("customer_id") == first and not row.get("merged_into"))}  # fmt: skip
    theirs |= {row["id"] for row in small.rows["cart_line"] if row["cart_id"] in theirs}
    columns = ("customer_id", "cart_id", "cart_line_id", "order_id")
    own = {
        id_ for id_, row in rows.items()
        if row["visibility"] == "STOREFRONT" and any(row.get(column) in theirs for column in columns)
    }  # fmt: skip
    for viewer, seen in (
        (staff(small, Role.CATALOGUE)._replace(visitor_id=None), of_goods),
        (staff(small, Role.ORDERS)._replace(visitor_id=None), set(rows) - of_goods),
        (customer(small)._replace(visitor_id=None), own),
        (visitor(small)._replace(visitor_id=None), set()),
        (staff(neighbour, Role.OWNER), set()),
    ):
        found: set[str] = set()
        for start in range(0, len(rows), 250):
            nodes = (await both.same(document, {"ids": list(rows)[start : start + 250]}, viewer))["nodes"]
            found |= {node["id"] for node in nodes if node}
        if viewer.keeps != {""} and viewer.shop_id == small.id:
            found -= of_goods
        assert found == seen


async def test_visitors_have_their_own_history(both: Both, small: SmallShop, neighbour: SmallShop) -> None:
    """One device in two shops has looked for other things in each; whoever names none has looked for nothing."""
    document = "{ searchHistory(first: 100) { term } }"
    for shop in (small, neighbour):
        found = (await both.same(document, None, visitor(shop)))["searchHistory"]
        assert found
        assert all(one["term"].startswith(shop.word) for one in found)
    assert await both.same(document, None, visitor(small)._replace(visitor_id=None)) == {"searchHistory": []}


async def test_who_looked_at_what_is_theirs_alone(both: Both, small: SmallShop, neighbour: SmallShop) -> None:
    """A device's list is not a customer's, of two customers each has their own, and in each shop another."""
    document = "{ recentlyViewed(first: 100) { id title } viewer { recentlyViewed(first: 100) { id } } }"
    lists: list[list[str]] = []
    for viewer in (customer(small), customer(small, 1), visitor(small), visitor(neighbour)):
        found = await both.same(document, None, viewer)
        lists.append([one["id"] for one in found["recentlyViewed"]])
        if viewer.viewer_id:
            assert [one["id"] for one in found["viewer"]["recentlyViewed"]] == lists[-1]
    assert all(lists)
    assert not set(lists[0]) & set(lists[1])
    assert not set(lists[2]) & set(lists[3])
    for stranger in (staff(small, Role.OWNER), visitor(small)):
        nobody = stranger._replace(visitor_id=None)
        assert (await both.same(document, None, nobody))["recentlyViewed"] == []


async def test_the_checker_sees_a_missing_condition(
    both: Both, small: SmallShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checker that finds nothing has to be shown something."""
    both.forget()
    fill = Statement.fill
    monkeypatch.setattr(
        Statement, "fill",
        lambda self, template, *row, **more: fill(self, template.replace("{t}.shop_id = {shop}", "true"), *row, **more),
    )  # fmt: skip
    before = len(both.asked)
    await both.data("{ products { nodes { id } } }", None, visitor(small))
    monkeypatch.undo()
    both.forget()

    ((sql, _binds),) = both.asked[before:]
    assert unscoped(sql) == ["product t1"]


async def test_a_dropped_shop_condition_is_found_by_the_comparison_too(
    both: Both, small: SmallShop, points: list[Viewpoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two shops in one database differ in the first document that reads either."""
    both.forget()
    fill = Statement.fill
    monkeypatch.setattr(
        Statement, "fill",
        lambda self, template, *row, **more: fill(self, template.replace("{t}.shop_id = {shop}", "true"), *row, **more),
    )  # fmt: skip
    try:
        with pytest.raises(DifferentError):
            await prove(both, points, range(20))
    finally:
        monkeypatch.undo()
        both.forget()
