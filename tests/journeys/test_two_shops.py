"""Two shops over one database: whatever a stranger sends, no byte of the other shop comes back and no row changes.

The corpus has every root of the schema; a root without an operation fails the first test.
"""

from typing import Any

import httpx
import pytest
from graphql import GraphQLObjectType, get_named_type, is_required_argument

from models.database import pool
from models.staff import Role
from resolvers.visit_recorder import waiting_visits
from schema.root import graphql_schema as schema
from schema.root import sources
from settings import Settings
from tests.harness.asking import Answer, Asker, Refused
from tests.harness.shops import SandboxShop, open_shop, over_http
from tests.journeys.corpus import HIDDEN_NODES, NODES, READS, Read
from tests.journeys.corpus_write import Foreign, Write
from tests.journeys.corpus_writes import WRITES
from tests.journeys.world import HOUR, World, furnish

_TABLES = """
select table_name from information_schema.columns
where table_schema = 'public' and column_name = 'shop_id' order by table_name
"""
_TEXTS = """
select c.table_name, c.column_name from information_schema.columns c
join information_schema.columns s on s.table_schema = 'public' and s.table_name = c.table_name
    and s.column_name = 'shop_id'
where c.table_schema = 'public' and (c.data_type in ('text', 'character varying', 'jsonb', 'ARRAY'))
order by 1, 2
"""
# Words of ours, never of a shop: statuses, kinds, topics, ids; and names that no door of today writes.
_NO_MARK = {
    "collection.kind", "collection.rule_match", "idempotency_key.actor", "idempotency_key.mutation",
    "idempotency_key.outcome", "location.id", "media.kind", "metafield.type", "metafield.visibility",
    "metafield.key", "metafield.namespace", "outbox_event.topic", "outbox_event.last_error", "product.origin",
    "product.status", "category.path", "review.status", "review.external_id", "staff.roles", "stock_move.reason",
    "variant.inventory_policy", "variant.origin", "wechat_app.kind", "wechat_app.appid", "wechat_app.base_url",
    "wechat_app.name", "wechat_app.landing_page", "visitor_key.key", "staff.name", "outbox_event.payload",
    "promoter.kind", "page.kind",
    "share_link.token", "share_link.target_kind", "visit.scene_group", "visit.source", "consent.kind",
    "customer.phone_masked", "identity.appid", "identity.openid", "identity.open_account", "identity.unionid",
    "wechat_app.open_account", "wechat_code.kind", "staff_identity.appid", "media_upload.kind",
    "media_upload.content_type", "address.name_masked", "address.phone_masked", "address.province_code",
    "address.city_code", "address.district_code", "address.province_name", "address.city_name", "address.postcode",
    "address.tag", "cart.region_code", "freight_template.charge_by", "group_buy.status", "group_buy.leader_advantage",
    "group_buy.tier_sizes", "group_buy_variant.tier_prices_fen", "group_buy_card.last_error", "group_buy_card.telling",
    "group_buy_card.told", "group_buy_change.actor_kind", "group_buy_change.from_state", "group_buy_change.reason",
    "group_buy_change.to_state", "group_buy_seat.last_error", "group_buy_seat.role", "group_buy_seat.state",
    "group_buy_team.activity_id", "group_buy_team.state", "group_buy_team.terms", "order_hold.kind",
    "order_hold.reason",
    "group_buy.join_by", "group_buy.late_payment", "freight_rule.region_codes", "delivery.method",
    "delivery.origin", "message_template.event", "message.event", "message.occasion", "message.state",
    "message.last_error", "message_push.channel", "pushed_message.event", "pushed_message.outcome",
    "delivery.name_masked", "delivery.phone_masked", "delivery.region_code", "delivery.region_text",
    "delivery.postcode", "delivery.pickup_code", "merchant_account.mode", "merchant_account.mchid",
    "merchant_account.sub_mchid", "merchant_account.provider_appid", "merchant_account.serial_no",
    "merchant_account.platform_keys", "merchant_account.channel", "merchant_account.base_url", "order_adjustment.kind",
    "order_adjustment.title",
    "order_adjustment.source_kind", "order_adjustment.allocations", "order_change.axis", "order_change.from_value",
    "order_change.to_value", "order_change.actor_kind", "order_change.reason", "order_line.origin",
    "order_line.offer_kind", "orders.status", "orders.payment_status", "orders.fulfilment_status",
    "orders.refund_status", "orders.cancel_reason", "orders.share_chain", "orders.channel", "orders.campaign",
    "orders.article", "reservation.state", "payment.method", "payment.state", "payment.mchid", "payment.provider_appid",
    "payment.out_trade_no",
    "payment.transaction_id", "payment.payer_openid", "payment.prepay_id", "payment.last_error", "payment.problem",
    "payment_notification.mchid", "payment_notification.notification_id", "payment_notification.event_type",
    "payment_notification.outcome", "payment_notification.last_error", "shipment.carrier_code", "shipment.tracking_no",
    "shipping_upload.state", "refund.reason", "refund.state", "refund_allocation.state",
    "refund_allocation.out_refund_no", "refund_allocation.wechat_refund_id", "after_sale.after_sale_no",
    "after_sale.type", "after_sale.status", "after_sale.evidence", "after_sale.return_carrier_code",
    "after_sale.return_tracking_no", "after_sale.exchange_carrier_code", "after_sale.exchange_tracking_no",
    "after_sale_change.from_status", "after_sale_change.to_status", "after_sale_change.actor_kind",
}  # fmt: skip


@pytest.fixture(scope="module")
async def mine(http: httpx.AsyncClient, settings: Settings) -> World:
    """The stranger's own shop, furnished alike."""
    return await furnish(over_http(await open_shop(settings, "隔壁"), http, settings))


@pytest.fixture(scope="module")
async def theirs(http: httpx.AsyncClient, settings: Settings) -> World:
    """The shop that no stranger may see into."""
    return await furnish(over_http(await open_shop(settings), http, settings))


def leaks(text: str, world: World) -> list[str]:
    """Return what marks of a world stand in a text."""
    return [mark for mark in (world.mark, world.hidden, world["order.no"]) if mark in text]


async def rows_of(shop: SandboxShop) -> dict[str, Any]:
    """Return, for every table, the number of a shop's rows and a checksum of all they hold."""
    found = {}
    for table in [row["table_name"] for row in await pool().fetch(_TABLES)]:
        counted = await pool().fetchrow(
            f"select count(*), md5(coalesce(string_agg(t::text, '|' order by t.id), '')) from {table} t"
            " where shop_id = $1",
            shop.id,
        )
        found[table] = tuple(counted or ())
    found["shop"] = await pool().fetchval("select md5(s::text) from shop s where id = $1", shop.id)
    return found


def raw(answer: Answer) -> str:
    """All that came back, headers too."""
    return f"{answer.headers}\n{answer.body}"


def test_every_root_has_an_operation() -> None:
    assert schema.query_type
    assert schema.mutation_type
    assert {read.root for read in READS} == set(schema.query_type.fields)
    assert {write.root for write in WRITES} == set(schema.mutation_type.fields)


async def test_every_text_of_the_shop_is_marked(theirs: World) -> None:
    unmarked = []
    for row in await pool().fetch(_TEXTS):
        table, column = row["table_name"], row["column_name"]
        if f"{table}.{column}" in _NO_MARK:
            continue
        texts = await pool().fetch(f"select {column}::text as it from {table} where shop_id = $1", theirs.shop.id)
        # A table that no operation of the corpus fills is none of its business.
        if texts and not any(leaks(text["it"] or "", theirs) for text in texts):
            unmarked.append(f"{table}.{column}")
    assert not unmarked, "\n".join(unmarked)


@pytest.mark.parametrize("read", READS, ids=lambda read: read.root)
async def test_a_stranger_reads_nothing_of_the_other_shop(read: Read, mine: World, theirs: World) -> None:
    variables = read.variables(theirs)
    owner = await read.sender(theirs)(read.document, variables)
    assert leaks(str(owner.data), theirs)

    for stranger in (mine.shop.staff, mine.shop.visitor):
        answer = await stranger(read.document, variables)
        assert leaks(raw(answer), theirs) == []
        assert answer.status < 500
    # Nothing at all where the question was about one thing.
    if "cursor" not in read.document and {"id", "ids", "handle"} & variables.keys():
        answer = await mine.shop.staff(read.document, variables)
        assert answer[read.root] in (None, [None] * len(variables.get("ids", ())))


async def test_a_cursor_of_another_shop_is_refused(mine: World, theirs: World) -> None:
    document = "query ($after: Cursor) { products(first: 2, sortKey: TITLE, after: $after) { nodes { title } } }"

    assert (await theirs.shop.staff(document, {"after": theirs.cursors["products"]})).errors == []
    assert (await mine.shop.staff(document, {"after": theirs.cursors["products"]})).codes == ["BAD_USER_INPUT"]


async def test_a_key_and_a_token_of_two_shops_go_nowhere(mine: World, theirs: World) -> None:
    both = Asker(mine.shop.http, {**mine.shop.staff.headers, **theirs.shop.visitor.headers})

    answer = await both("{ shop { name } }")

    assert (answer.status, answer.codes) == (403, ["FORBIDDEN"])
    assert leaks(raw(answer), theirs) + leaks(raw(answer), mine) == []


@pytest.mark.parametrize(
    ("write", "foreign"),
    [pytest.param(write, foreign, id=f"{write.root}-{foreign.field}") for write in WRITES for foreign in write.foreign],
)
async def test_a_stranger_changes_nothing_of_the_other_shop(
    write: Write, foreign: Foreign, mine: World, theirs: World
) -> None:
    before = await rows_of(theirs.shop), await rows_of(mine.shop)

    answer = await write.sender(mine)(write.document, {**write.variables(mine), **foreign.variables(mine, theirs)})

    assert answer.refusals == [Refused("NOT_FOUND", foreign.field)]
    assert leaks(raw(answer), theirs) == []
    assert (await rows_of(theirs.shop), await rows_of(mine.shop)) == before


@pytest.mark.parametrize("write", WRITES, ids=lambda write: write.root)
async def test_the_owner_can_and_nobody_elses_rows_change(write: Write, mine: World, theirs: World) -> None:
    before = await rows_of(theirs.shop)

    answer = await write.sender(mine)(write.document, write.variables(mine))
    await waiting_visits(mine.shop.id)

    assert answer.refusals == []
    assert [name for name, value in answer[write.root].items() if value is None] == []
    assert leaks(raw(answer), theirs) == []
    assert await rows_of(theirs.shop) == before


async def test_an_idempotency_key_of_another_shop_is_another_key(mine: World, theirs: World) -> None:
    document = """mutation ($input: LocationCreateInput!) {
      locationCreate(input: $input, idempotencyKey: "the same") { location { id name } userErrors { code } }
    }"""
    first = await theirs.shop.staff(document, {"input": {"name": "两店同名"}})
    second = await mine.shop.staff(document, {"input": {"name": "两店同名"}})

    assert first.refusals + second.refusals == []
    assert first["locationCreate"]["location"]["id"] != second["locationCreate"]["location"]["id"]


@pytest.mark.parametrize("write", [write for write in WRITES if not write.is_open], ids=lambda write: write.root)
async def test_no_mutation_is_for_visitors_or_staff_of_other_roles(write: Write, mine: World) -> None:
    others = set(Role) - sources.fields["Mutation", write.root].roles - {Role.OWNER}
    before = await rows_of(mine.shop)
    for asker in (mine.shop.visitor, await mine.shop.staff_with(*others)):
        answer = await asker(write.document, write.variables(mine))
        assert (answer.status, answer.codes) == (403, ["FORBIDDEN"])
        assert answer.errors[0]["extensions"]["fields"] == [f"Mutation.{write.root}"]
    changed = {name for name, value in (await rows_of(mine.shop)).items() if value != before[name]}
    assert changed <= {"staff"}


def staff_fields() -> list[tuple[str, str]]:
    """Every field that says `Requires:`, with a document that asks for it."""
    found = []
    for type_ in schema.type_map.values():
        if not isinstance(type_, GraphQLObjectType) or type_ is schema.mutation_type:
            continue
        for name, field in type_.fields.items():
            if "Requires:" not in (field.description or ""):
                continue
            inner = " { __typename }" if hasattr(get_named_type(field.type), "fields") else ""
            needed = ", ".join(f'{one}: "x"' for one, argument in field.args.items() if is_required_argument(argument))
            asked = f"{name}({needed}){inner}" if needed else f"{name}{inner}"
            document = f'{{ node(id: "x") {{ ... on {type_.name} {{ {asked} }} }} }}'
            if type_ is schema.query_type:
                document = f"{{ {asked} }}"
            found.append((f"{type_.name}.{name}", document))
    return found


@pytest.mark.parametrize(("field", "document"), staff_fields(), ids=lambda part: part if "{" not in part else "")
async def test_a_field_for_staff_is_refused_by_name(field: str, document: str, mine: World) -> None:
    type_, _, name = field.partition(".")
    others = set(Role) - sources.fields[type_, name].roles - {Role.OWNER}
    for asker in (mine.shop.visitor, await mine.shop.staff_with(*others)):
        answer = await asker(document)
        assert (answer.status, answer.codes) == (403, ["FORBIDDEN"])
        assert answer.errors[0]["extensions"]["fields"] == [field]
    assert (await mine.shop.staff(document)).errors == []


@pytest.mark.parametrize("read", [read for read in READS if not read.staff_only], ids=lambda read: read.root)
async def test_what_is_hidden_never_reaches_a_visitor(read: Read, theirs: World) -> None:
    variables = read.variables(theirs)
    for asker in (theirs.shop.visitor, await theirs.shop.staff_with(Role.KOL)):
        answer = await asker(read.document, variables)
        assert answer.errors == []
        assert theirs.hidden not in str(answer.data)


async def test_by_id_the_public_gets_what_is_shown_and_staff_get_all(theirs: World) -> None:
    document = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    shown, hidden = [theirs[name] for name in NODES], [theirs[name] for name in HIDDEN_NODES]

    public = (await theirs.shop.visitor(document, {"ids": shown + hidden}))["nodes"]
    staff = (await theirs.shop.staff(document, {"ids": shown + hidden}))["nodes"]

    assert public == [{"id": id_} for id_ in shown] + [None] * len(hidden)
    assert staff == [{"id": id_} for id_ in shown + hidden]


async def test_counts_and_facets_do_not_tell_of_what_is_hidden(theirs: World) -> None:
    answer = await theirs.shop.visitor(
        """query ($id: ID) {
          products(first: 1) { totalCount facets { id values { label count } } }
          collection(id: $id) { products(first: 1) { totalCount facets { id values { count } } } }
        }""",
        {"id": theirs["collection"]},
    )
    counts = {facet["id"]: sum(value["count"] for value in facet["values"]) for facet in answer["products"]["facets"]}
    total = answer["products"]["totalCount"]
    assert counts["available"] == counts["price"] == counts["vendor"] == total
    of_collection = answer["collection"]["products"]
    assert of_collection["totalCount"] == 2
    assert {value["count"] for facet in of_collection["facets"] for value in facet["values"]} <= {1, 2}


async def test_a_moved_clock_opens_and_shuts_the_windows(http: httpx.AsyncClient, settings: Settings) -> None:
    world = await furnish(over_http(await open_shop(settings), http, settings))
    document = """query ($early: ID!, $variant: ID!, $product: ID!, $collection: ID!) {
      product(id: $early) { title } node(id: $variant) { id } other: product(id: $product) { title }
      products(first: 50) { totalCount nodes { id } }
      collection(id: $collection) { products(first: 50) { nodes { id } } }
    }"""
    asked = {
        "early": world["early"], "variant": world["early.variant"], "product": world["sibling"],
        "collection": world["collection"],
    }  # fmt: skip
    shut = (world.shop.caller.now + 2 * HOUR).isoformat()
    await world.asked(
        "mutation ($ids: [ID!]!, $at: DateTime) { productsUnpublish(ids: $ids, at: $at) { userErrors { code } } }",
        ids=[world["sibling"]], at=shut,
    )  # fmt: skip

    before = await world.shop.visitor(document, asked)
    opened = await http.post(f"/sandbox/shops/{world['shop']}/clock", json={"by": "PT1H5M"})
    between = await world.shop.visitor(document, asked)
    await http.post(f"/sandbox/shops/{world['shop']}/clock", json={"to": shut})
    after = await world.shop.visitor(document, asked)

    assert opened.status_code == 200
    assert (before["product"], before["node"]) == (None, None)
    assert between["product"] == {"title": f"early {world.hidden}"}
    assert between["node"] == {"id": world["early.variant"]}
    assert (before["other"] is not None, between["other"] is not None, after["other"]) == (True, True, None)
    counts = [answer["products"]["totalCount"] for answer in (before, between, after)]
    assert counts == [counts[0], counts[0] + 1, counts[0]]
    shelves = [
        [node["id"] for node in answer["collection"]["products"]["nodes"]] for answer in (before, between, after)
    ]
    product, sibling, early = world["product"], world["sibling"], world["early"]
    assert shelves == [[product, sibling], [product, sibling, early], [product, early]]
