"""While somebody types, and after: suggestions, hot words, and a history that is the visitor's own."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import pytest

from clock import wall_now
from models.database import pool
from resolvers.bulk_log import BulkLog
from resolvers.hot_search import LATELY, count_hot_searches
from resolvers.search_log import KEPT, Searched, reap_searches, settle_searches, write_searches
from tests.conftest import Counting
from tests.harness.asking import Asker
from tests.harness.shops import SandboxShop
from tests.journeys.test_search import goods, save

FIND: Final = "query ($query: String!) { products(query: $query) { nodes { handle } } }"
SUGGEST: Final = """
query ($query: String!, $first: PageSize!) {
  searchSuggest(query: $query, first: $first) { kind text product { handle } category { name } }
}"""
HISTORY: Final = "{ searchHistory(first: 10) { term } }"
HOT: Final = "{ hotSearches(first: 10) { term } }"
CLEAR: Final = "mutation { searchHistoryClear { clearedCount userErrors { code } } }"
_SEARCHES: Final = "select visitor_id, term, hits from search where shop_id = $1 order by id"


def somebody(shop: SandboxShop, visitor: UUID | None = None) -> Asker:
    """A visitor whose client has a name for itself."""
    asker = shop.visitor
    return Asker(asker.http, {**asker.headers, "X-Visitor-Id": str(visitor or uuid4())})


async def look_for(asker: Asker, *words: str) -> None:
    """Search, and see it remembered."""
    for one in words:
        assert (await asker(FIND, {"query": one})).errors == []
        await settle_searches()


async def terms(asker: Asker, document: str) -> list[str]:
    """The terms that a document answers with."""
    ((_, found),) = (await asker(document)).data.items()
    return [one["term"] for one in found]


async def suggested(asker: Asker, text: str, first: int = 10) -> list[tuple[str, str]]:
    """Kinds and texts."""
    answer = await asker(SUGGEST, {"query": text, "first": first})
    return [(one["kind"], one["text"]) for one in answer["searchSuggest"]]


async def logged(shop: SandboxShop) -> list[tuple[Any, ...]]:
    """What is remembered of the shop's searches."""
    return [tuple(row) for row in await pool().fetch(_SEARCHES, shop.id)]


async def test_a_search_is_remembered_with_who_and_how_much_was_found(shop: SandboxShop) -> None:
    await save(shop, goods("a", "全棉毛巾"), goods("b", "竹毛巾"), goods("c", "毛巾", status="DRAFT"))
    visitor = uuid4()

    await look_for(somebody(shop, visitor), "毛巾", "  全棉　毛巾 ", "ＭＵＪＩ", "丝绸 毛巾", "!!!", "")

    assert await logged(shop) == [
        (visitor, "毛巾", 2), (visitor, "全棉 毛巾", 1), (visitor, "muji", 0), (visitor, "丝绸 毛巾", 2),
    ]  # fmt: skip


async def test_the_next_page_and_the_same_words_again_are_the_same_search(shop: SandboxShop) -> None:
    asker = somebody(shop)

    await asyncio.gather(*(asker(FIND, {"query": "毛巾"}) for _ in range(10)))
    await look_for(asker, "毛巾", "毛巾", "浴巾")

    assert [term for _, term, _ in await logged(shop)] == ["毛巾", "浴巾"]


async def test_staff_and_words_of_other_fields_leave_nothing(shop: SandboxShop) -> None:
    await look_for(shop.staff, "毛巾")
    await shop.visitor('{ products { nodes { handle } } searchSuggest(query: "毛巾") { text } }')
    await settle_searches()

    assert await logged(shop) == []


async def test_a_history_is_the_visitors_own(shop: SandboxShop, other_shop: SandboxShop) -> None:
    visitor = uuid4()
    me, other, elsewhere = somebody(shop, visitor), somebody(shop), somebody(other_shop, visitor)

    await look_for(me, "毛巾", "浴巾", "牙刷")
    await look_for(other, "铅笔")

    assert await terms(me, HISTORY) == ["牙刷", "浴巾", "毛巾"]
    assert await terms(other, HISTORY) == ["铅笔"]
    assert await terms(elsewhere, HISTORY) == await terms(shop.visitor, HISTORY) == []


async def test_a_cleared_history_is_gone_at_once_and_stays_counted(shop: SandboxShop) -> None:
    await save(shop, goods("a", "毛巾"))
    me, other = somebody(shop), somebody(shop)
    await look_for(me, "毛巾", "浴巾")
    await look_for(other, "毛巾")
    await me(FIND, {"query": "面巾"})

    assert (await me(CLEAR))["searchHistoryClear"] == {"clearedCount": 3, "userErrors": []}

    assert (await terms(me, HISTORY), await terms(other, HISTORY)) == ([], ["毛巾"])
    assert [visitor for visitor, _, _ in await logged(shop)].count(None) == 3
    refused = await shop.visitor(CLEAR)
    assert [one.code for one in refused.refusals] == ["NOT_ALLOWED"]


async def test_hot_words_are_what_several_visitors_found_something_by(shop: SandboxShop) -> None:
    await save(shop, goods("a", "毛巾"), goods("b", "牙刷"), goods("c", "铅笔"))
    visitors = [somebody(shop) for _ in range(3)]
    for asker in visitors:
        await look_for(asker, "毛巾", "没有的东西")
    for asker in visitors[:2]:
        await look_for(asker, "牙刷")
    await look_for(visitors[0], "铅笔")

    assert await terms(shop.visitor, HOT) == []
    assert await count_hot_searches(wall_now(), shop.id) == 1

    assert await terms(shop.visitor, HOT) == ["毛巾", "牙刷"]
    assert await count_hot_searches(wall_now(), shop.id) == 0


async def test_hot_words_cool_down(shop: SandboxShop) -> None:
    await save(shop, goods("a", "毛巾"), goods("b", "牙刷"))
    old = shop.caller.now - LATELY - timedelta(minutes=1)
    await write_searches([Searched(shop.id, uuid4(), "毛巾", old) for _ in range(5)])
    for _ in range(2):
        await look_for(somebody(shop), "牙刷")

    await count_hot_searches(wall_now(), shop.id)

    assert await terms(shop.visitor, HOT) == ["牙刷"]


async def test_suggestions_hold_what_was_typed_and_begin_with_it_first(shop: SandboxShop) -> None:
    made = await shop.staff(
        'mutation { categoryCreate(input: {name: "毛巾浴巾"}, idempotencyKey: "c") { category { id } } }'
    )
    category = made["categoryCreate"]["category"]["id"]
    await save(
        shop,
        goods("a", "全棉毛巾", vendor="毛巾之家"),
        goods("b", "毛巾三条装", categoryId=category),
        goods("c", "铅笔"),
        goods("d", "毛巾草稿", status="DRAFT"),
    )
    for _ in range(2):
        await look_for(somebody(shop), "毛巾 全棉")
    await count_hot_searches(wall_now(), shop.id)

    assert await suggested(shop.visitor, "毛巾") == [
        ("TERM", "毛巾 全棉"), ("CATEGORY", "毛巾浴巾"), ("VENDOR", "毛巾之家"),
        ("PRODUCT", "毛巾三条装"), ("PRODUCT", "全棉毛巾"),
    ]  # fmt: skip
    assert await suggested(shop.visitor, "毛巾", 2) == [("TERM", "毛巾 全棉"), ("CATEGORY", "毛巾浴巾")]
    assert await suggested(shop.visitor, "毛") == await suggested(shop.visitor, "毛巾")
    answer = await shop.visitor(SUGGEST, {"query": "三条", "first": 1})
    assert answer["searchSuggest"] == [
        {"kind": "PRODUCT", "text": "毛巾三条装", "product": {"handle": "b"}, "category": None}
    ]


@pytest.mark.parametrize("text", ["", "  ", "!!", "'", "\\", "%", "_", "' | 'a", "():*&!", "x" * 5_000])
async def test_hostile_text_suggests_nothing(shop: SandboxShop, text: str) -> None:
    await save(shop, goods("a", "毛巾"))

    assert await suggested(shop.visitor, text) == []


async def test_suggestions_are_one_statement_and_one_shops(
    shop: SandboxShop, other_shop: SandboxShop, statements: Counting
) -> None:
    await save(shop, goods("a", "毛巾", vendor="甲"))
    await save(other_shop, goods("b", "毛巾", vendor="毛巾乙"))

    async with statements() as seen:
        assert await suggested(shop.visitor, "毛巾") == [("PRODUCT", "毛巾")]

    assert len([sql for sql in seen.sql if "visitor_key" not in sql]) == 1


async def test_searches_of_a_shop_that_went_meanwhile_harm_nobody(shop: SandboxShop) -> None:
    await write_searches([Searched(uuid4(), uuid4(), "毛巾", wall_now()), Searched(shop.id, None, "毛巾", wall_now())])

    assert await logged(shop) == [(None, "毛巾", 0)]


async def test_what_is_too_old_is_thrown_away(shop: SandboxShop) -> None:
    await write_searches([Searched(shop.id, uuid4(), "毛巾", shop.caller.now - KEPT - timedelta(days=1))])
    await count_hot_searches(wall_now(), shop.id)

    assert await reap_searches(wall_now()) >= 1
    assert await logged(shop) == []


@contextmanager
def full(bulk: BulkLog[int]) -> Iterator[None]:
    """A log with no room left."""
    while bulk.add(0):
        pass
    yield


async def test_a_log_that_is_full_says_so_and_holds_no_more(database: None) -> None:
    written: list[int] = []

    async def write(entries: Any) -> None:
        written.extend(entries)

    bulk: BulkLog[int] = BulkLog("test", write, waiting_max=5)
    with full(bulk):
        assert not bulk.add(1)
    await bulk.write()

    assert written == [0] * 5
    assert bulk.add(1)


async def test_what_cannot_be_written_now_waits_and_what_never_can_is_left_out(database: None) -> None:
    written: list[int] = []
    away = [True]

    async def write(entries: Any) -> None:
        if away[0]:
            raise OSError
        await pool().fetchval("select array_agg(100 / n) from unnest($1::int[]) n", list(entries))
        written.extend(entries)

    bulk: BulkLog[int] = BulkLog("test", write)
    for number in (1, 2, 0, 4):
        bulk.add(number)
    await bulk.write()
    assert written == []

    away[0] = False
    await bulk.write()
    assert sorted(written) == [1, 2, 4]
