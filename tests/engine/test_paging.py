"""Walking a list: every row once, whatever the order, the direction, the ties, and whoever writes meanwhile."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from engine.codes import ErrorCode
from engine.errors import RequestFault
from engine.limits import Limits
from ids import encode_id
from models.database import transaction
from models.staff import Role
from resolvers.caller import Caller
from tests.engine.both import Both, staff, visitor
from tests.engine.documents_world import SORT_KEYS
from tests.engine.small_pages import furnished
from tests.engine.small_people import peopled
from tests.engine.small_shop import NOW, SmallShop, small_shop
from tests.models.rows import fresh, insert

FORWARD = """query($after: Cursor, $key: ProductSortKey!, $reverse: Boolean!) {
  products(first: 3, after: $after, sortKey: $key, reverse: $reverse) {
    edges { cursor node { id } } totalCount
    pageInfo { more: hasNextPage back: hasPreviousPage next: endCursor startCursor } } }"""
BACKWARD = FORWARD.replace("after", "before").replace("first: 3", "last: 3").replace(
    "more: hasNextPage back: hasPreviousPage next: endCursor startCursor",
    "more: hasPreviousPage back: hasNextPage next: startCursor endCursor",
)  # fmt: skip
ALL = """query($key: ProductSortKey!, $reverse: Boolean!) {
  products(first: 100, sortKey: $key, reverse: $reverse) { nodes { id } } }"""
Page = dict[str, Any]


async def pages(both: Both, viewer: Caller, document: str, **variables: object) -> list[Page]:
    """Every page of `products` to the end of the list."""
    found: list[Page] = []
    name = "before" if "$before" in document else "after"
    while not found or found[-1]["pageInfo"]["more"]:
        cursor = {name: found[-1]["pageInfo"]["next"]} if found else {}
        found.append((await both.data(document, {**variables, **cursor}, viewer))["products"])
    return found


def ids(page: Page) -> list[str]:
    """The ids on a page."""
    return [edge["node"]["id"] for edge in page["edges"]]


@pytest.fixture
async def walked(database: None) -> SmallShop:
    """A shop to write to: 23 products, so that three a page come out uneven."""
    shop = peopled(furnished(small_shop("走", seed=3, products=23)))
    async with transaction() as sql:
        await shop.write(sql)
    return shop


@pytest.mark.parametrize("reverse", [False, True], ids=["as it is", "reversed"])
@pytest.mark.parametrize("key", SORT_KEYS)
async def test_every_row_comes_once_in_both_directions(
    both: Both, small: SmallShop, key: str, *, reverse: bool
) -> None:
    """Ties are broken by id, and page info is right at both ends."""
    given = {"key": key, "reverse": reverse}
    for viewer in (visitor(small), staff(small, Role.CATALOGUE)):
        expected = [node["id"] for node in (await both.data(ALL, given, viewer))["products"]["nodes"]]

        forward = await pages(both, viewer, FORWARD, **given)
        backward = await pages(both, viewer, BACKWARD, **given)

        assert [id_ for page in forward for id_ in ids(page)] == expected
        assert [id_ for page in reversed(backward) for id_ in ids(page)] == expected
        assert [page["pageInfo"]["back"] for page in forward] == [False] + [True] * (len(forward) - 1)
        assert [page["pageInfo"]["back"] for page in backward] == [False] + [True] * (len(backward) - 1)
        assert {page["totalCount"] for page in forward} == {len(expected)}
        assert len(expected) == len(set(expected))


@pytest.mark.parametrize("key", SORT_KEYS)
async def test_rows_written_meanwhile_move_no_other_row(both: Both, walked: SmallShop, key: str) -> None:
    """Before each page a twin of a product appears, tied with it in every order; all that were there come once."""
    viewer = staff(walked, Role.CATALOGUE)
    before = {encode_id("prd", id_) for id_ in walked.ids("product")}
    found: list[str] = []
    after: str | None = None
    has_more = True
    number = 0
    while has_more:
        twin = fresh(walked.rows["product"][number]) | {"handle": f"twin-{number}", "external_id": None}
        async with transaction() as sql:
            await insert(sql, "product", twin)
        page = (await both.data(FORWARD, {"key": key, "reverse": False, "after": after}, viewer))["products"]
        found += ids(page)
        after, has_more, number = page["pageInfo"]["next"], page["pageInfo"]["more"], (number + 1) % 23

    assert len(found) == len(set(found))
    assert before <= set(found)


async def test_a_cursor_outlives_its_row(both: Both, walked: SmallShop) -> None:
    """It is a place, not a row: the list goes on behind it."""
    viewer = visitor(walked)
    first = (await both.data(FORWARD, {"key": "TITLE", "reverse": False}, viewer))["products"]
    rest = (await both.data(FORWARD, {"key": "TITLE", "reverse": False, "after": first["pageInfo"]["next"]}, viewer))[
        "products"
    ]
    async with transaction() as sql:
        last = first["edges"][-1]["node"]["id"].removeprefix("prd_")
        await sql.execute("update product set status = 'ARCHIVED' where replace(id::text, '-', '') = $1", last)

    again = (await both.data(FORWARD, {"key": "TITLE", "reverse": False, "after": first["pageInfo"]["next"]}, viewer))[
        "products"
    ]

    assert ids(again) == ids(rest)


async def test_after_and_before_cut_both_ends(both: Both, small: SmallShop) -> None:
    """What lies strictly between two cursors, from either side; nothing when they are turned round."""
    document = """query($a: Cursor, $b: Cursor, $first: PageSize, $last: PageSize) {
        products(after: $a, before: $b, first: $first, last: $last, sortKey: PRICE) {
            edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
    viewer = visitor(small)
    edges = (await both.same(document, {"first": 100}, viewer))["products"]["edges"]
    a, b = edges[1]["cursor"], edges[8]["cursor"]

    between = await both.same(document, {"a": a, "b": b}, viewer)
    few = await both.same(document, {"a": a, "b": b, "first": 2}, viewer)
    last = await both.same(document, {"a": a, "b": b, "last": 2}, viewer)
    nothing = await both.same(document, {"a": b, "b": a}, viewer)

    assert between["products"]["edges"] == edges[2:8]
    assert few["products"]["edges"] == edges[2:4]
    assert last["products"]["edges"] == edges[6:8]
    assert nothing["products"] == {
        "edges": [],
        "pageInfo": {"hasNextPage": False, "hasPreviousPage": True, "startCursor": None, "endCursor": None},
    }


def _flipped(cursor: str) -> Iterator[str]:
    """The cursor with each single bit of its bytes the other way, and of its characters' padding bits."""
    raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    for bit in range(len(raw) * 8):
        turned = bytearray(raw)
        turned[bit // 8] ^= 1 << bit % 8
        yield urlsafe_b64encode(turned).rstrip(b"=").decode()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    yield from (cursor[:-1] + letter for letter in alphabet if letter != cursor[-1])
    yield from (cursor + "A", cursor + "AA", cursor[:-1], cursor[:-2], cursor[:-4], cursor + "=")


async def test_a_cursor_with_any_bit_flipped_is_refused(both: Both, small: SmallShop) -> None:
    """Also a bit that base64 does not use, and a letter more or less."""
    viewer = visitor(small)
    (first, *_) = (await both.data(FORWARD, {"key": "PRICE", "reverse": False}, viewer))["products"]["edges"]
    for cursor in _flipped(first["cursor"]):
        with pytest.raises(RequestFault) as refused:
            await both.data(FORWARD, {"key": "PRICE", "reverse": False, "after": cursor}, viewer)
        assert refused.value.code == ErrorCode.BAD_USER_INPUT, cursor


async def _refused(both: Both, viewer: Caller, document: str, **variables: object) -> None:
    with pytest.raises(RequestFault) as refused:
        await both.data(document, variables, viewer)
    assert refused.value.code == ErrorCode.BAD_USER_INPUT


async def test_a_cursor_is_worth_nothing_elsewhere(both: Both, small: SmallShop, neighbour: SmallShop) -> None:
    """In another shop, field, order, direction or filter; but whoever asks, and however it is written."""
    viewer = visitor(small)
    page = (await both.data(FORWARD, {"key": "PRICE", "reverse": False}, viewer))["products"]
    cursor = page["edges"][0]["cursor"]
    asked = "query($after: Cursor!) { products(first: 3, after: $after, %s) { nodes { id } } }"

    await _refused(both, visitor(neighbour), FORWARD, key="PRICE", reverse=False, after=cursor)
    await _refused(both, viewer, FORWARD, key="PRICE", reverse=True, after=cursor)
    await _refused(both, viewer, FORWARD, key="TITLE", reverse=False, after=cursor)
    for filters in (
        "filters: [{available: true}], sortKey: PRICE",
        "filters: [], sortKey: PRICE",
        "reverse: true, sortKey: PRICE",
    ):
        await _refused(both, viewer, asked % filters, after=cursor)
    nested = """query($after: Cursor!) {
        collections { nodes { products(first: 3, after: $after, sortKey: PRICE) { nodes { id } } } } }"""
    await _refused(both, viewer, nested, after=cursor)
    await _refused(both, viewer, "query($after: Cursor!) { collections(after: $after) { nodes { id } } }", after=cursor)
    await _refused(
        both, viewer, "query($after: Cursor!) { p: products(before: $after) { nodes { id } } }", after=cursor
    )
    await _refused(
        both,
        viewer,
        "query($after: Cursor!) { shop { id } products(after: $after) { totalCount nodes { id } } }",
        after="A" * 64,
    )

    literal = await both.data(
        asked.replace("($after: Cursor!)", "").replace("$after", f'"{cursor}"') % "sortKey: PRICE", None, viewer
    )
    colleague = await both.data(FORWARD, {"key": "PRICE", "reverse": False, "after": cursor}, staff(small, Role.ORDERS))
    assert [one["id"] for one in literal["products"]["nodes"]] == ids(colleague["products"])


async def test_first_with_last_is_refused(both: Both, small: SmallShop) -> None:
    """Said by literals or variables; a null is nothing said."""
    document = "query($last: PageSize) { products(first: 3, last: $last) { nodes { id } } }"

    await _refused(both, visitor(small), document, last=2)
    await _refused(
        both, visitor(small), "{ products(first: 3) { nodes { variants(first: 1, last: 1) { totalCount } } } }"
    )
    assert len((await both.data(document, {"last": None}, visitor(small)))["products"]["nodes"]) == 3


async def test_the_clock_moves_what_is_on_sale(small: SmallShop, neighbour: SmallShop) -> None:
    """The same plan at another moment of the shop: the bind is the shop's now, not the first one's."""
    both = Both(Limits())
    count = "{ products { totalCount } }"
    now = visitor(small)

    seen = [
        (await both.data(count, None, now._replace(now=NOW + timedelta(days=days))))["products"]["totalCount"]
        for days in (0, 1, 31, -99)
    ]

    on_sale = [row for row in small.rows["product"] if row["status"] == "ACTIVE"]
    assert seen[0] == len(on_sale) - 2
    assert seen[1] == len(on_sale) - 1
    assert seen[2] == len(on_sale) - 2
    assert seen[3] == 0
