"""What visitors search for: remembered in bulk beside the answers, theirs to read and to clear."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from ids import new_id
from models.database import pool, transaction
from models.refusal import Refusal, UserErrorCode
from resolvers.bulk_log import BulkLog, writing
from resolvers.caller import ActorKind, Caller
from resolvers.reaping import reap
from resolvers.search_text import asks_all, asks_any, quoted, shop_lexeme, term_of

SAME_SEARCH: Final = timedelta(minutes=10)
"""Within it the same words of the same visitor are one search: the next page, a filter, a step back."""
HITS_MOST: Final = 2_000
KEPT: Final = timedelta(days=180)

# Index (shop_id, visitor_id, searched_at); the index on words; products by their key. Of a shop that went meanwhile
# nothing is written. Whoever has no visitor id searches anew each time.
_WRITE: Final = """
with told as (
    select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[], $6::text[], $7::text[])
        as told(id, shop_id, visitor_id, term, at, all_words, any_words)
), fresh as (
    select distinct on (shop_id, coalesce(visitor_id, id), term) * from told
    where exists (select from shop where shop.id = told.shop_id) and not exists (
        select from search earlier where earlier.shop_id = told.shop_id and earlier.visitor_id = told.visitor_id
        and earlier.term = told.term and earlier.searched_at > told.at - $8::interval)
    order by shop_id, coalesce(visitor_id, id), term, at
), asked as (
    select shop_id, term, all_words, any_words, max(at) as at from fresh group by shop_id, term, all_words, any_words
), counted as materialized (
    select shop_id, term, coalesce(nullif(all_hits.count, 0), any_hits.count, 0) as hits
    from asked
    cross join lateral (select count(*) from ({found_all}) one) all_hits
    left join lateral (select count(*) from ({found_any}) one) any_hits on all_hits.count = 0
)
insert into search (id, shop_id, visitor_id, term, hits, is_counted, searched_at)
select fresh.id, fresh.shop_id, visitor_id, term, hits, false, at from fresh join counted using (shop_id, term)
order by fresh.id
"""
_FOUND: Final = """
select from product_words words join product on product.shop_id = asked.shop_id and product.id = words.product_id
where words.shop_id = asked.shop_id and words.words @@ asked.{words}::tsquery and status = 'ACTIVE'
  and published_at <= asked.at and (unpublish_at is null or unpublish_at > asked.at) limit {most}
"""
_WRITE_SEARCHES: Final = _WRITE.format(
    found_all=_FOUND.format(words="all_words", most=HITS_MOST),
    found_any=_FOUND.format(words="any_words", most=HITS_MOST),
)

_CLEAR: Final = "update search set visitor_id = null where shop_id = $1 and visitor_id = $2"
_REAP: Final = """
delete from search where id in (select id from search where searched_at < $1 and is_counted limit $2)
"""


@dataclass(frozen=True, slots=True)
class Searched:
    """One search as it was asked; `at` is on the shop's clock."""

    shop_id: UUID
    visitor_id: UUID | None
    text: str
    at: datetime


async def write_searches(searches: Sequence[Searched]) -> None:
    """Write searches in one statement, each with how many products the public finds by it."""
    terms = [term_of(one.text) for one in searches]
    lexemes = [quoted(shop_lexeme(one.shop_id)) for one in searches]
    await pool().execute(
        _WRITE_SEARCHES,
        [new_id() for _ in searches],
        [one.shop_id for one in searches],
        [one.visitor_id for one in searches],
        terms,
        [one.at for one in searches],
        [_within(lexeme, asks_all(term)) for lexeme, term in zip(lexemes, terms, strict=True)],
        [_within(lexeme, asks_any(term)) for lexeme, term in zip(lexemes, terms, strict=True)],
        SAME_SEARCH,
    )


def _within(lexeme: str, words: str | None) -> str | None:
    return None if words is None else f"{lexeme} & ({words})"


_recording: list[BulkLog[Searched]] = []


@asynccontextmanager
async def recording_searches() -> AsyncIterator[None]:
    """Remember the searches of this process for the length of a block."""
    bulk = BulkLog("search", write_searches)
    _recording.append(bulk)
    try:
        async with writing(bulk):
            yield
    finally:
        _recording.remove(bulk)


def note_search(caller: Caller, text: str) -> None:
    """Remember a search, later. Staff, crawlers, clients without a name and text without a word leave nothing."""
    is_counted = caller.actor in (ActorKind.VISITOR, ActorKind.CUSTOMER) and not caller.is_bot
    if _recording and is_counted and caller.visitor_id is not None and term_of(text):
        _recording[-1].add(Searched(caller.shop_id, caller.visitor_id, text, caller.now))


async def settle_searches() -> None:
    """Write what this process still holds."""
    for bulk in _recording:
        await bulk.write()


async def search_history_clear(caller: Caller) -> int:
    """Forget what this visitor searched for, and return how much it was: it stays counted, and is nobody's."""
    if caller.visitor_id is None:
        zh, en = "缺少访客标识，请带上 X-Visitor-Id", "Send X-Visitor-Id: without it there is no history"
        raise Refusal(UserErrorCode.NOT_ALLOWED, zh, en)
    await settle_searches()
    async with transaction() as sql:
        done: str = await sql.execute(_CLEAR, caller.shop_id, caller.visitor_id)
    return int(done.rsplit(maxsplit=1)[-1])


async def reap_searches(wall: datetime) -> int:
    """Throw away what is too old to say anything; returns how many."""
    return await reap(_REAP, wall - KEPT)
