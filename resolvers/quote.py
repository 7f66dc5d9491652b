"""Quotes: what a placement would cost now, and why. Nothing is reserved, and nothing is written."""

from dataclasses import dataclass
from datetime import datetime

from models.database import pool
from models.refusal import Refusal
from resolvers.caller import Caller
from resolvers.placement import Placement, Wish, check_placement
from resolvers.placement_facts import read_facts
from resolvers.placement_judge import Judgement, judge
from resolvers.quote_token import read_quote_token, write_quote_token


@dataclass(frozen=True, slots=True)
class Quote:
    """A judged wish as it is shown; `token` buys it at this price until `expires_at`, None when there are problems."""

    judgement: Judgement
    problems: tuple[Refusal, ...]
    token: str | None
    expires_at: datetime | None


async def quote(caller: Caller, placement: Placement, quote_token: str | None = None) -> Quote:
    """Price a placement for whoever asks, visitors too. Raises Refusals for what is wrong with the wish by itself."""
    if quote_token is not None:
        placement = read_quote_token(caller, quote_token, placement)
    check_placement(placement).end()
    wish = Wish(caller, placement)
    async with pool().acquire() as sql:
        facts = await read_facts(sql, [wish], hold=False)
    return quoted(judge(0, wish, facts))


def quoted(judgement: Judgement) -> Quote:
    """Make a quote of a judged wish; a wish that may be carried out gets a token."""
    if judgement.problems:
        return Quote(judgement, judgement.problems, None, None)
    wish = judgement.wish
    token, expires_at = write_quote_token(wish.caller, wish.placement, judgement.price.total_fen)
    return Quote(judgement, (), token, expires_at)
