"""What a product is found by, and what a search asks for: both by one tokenizer, so that they meet. Pure.

Text is folded (NFKC, case) and cut into runs. A run without spaces between words (Chinese, Japanese, Korean) gives its
characters, every pair of neighbours and the words that rjieba knows in it; any other run of letters and digits is a
word, and where letters stand beside digits its pieces are words too. Nothing else of a text survives, so no quote,
operator or weight can reach PostgreSQL out of it.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final
from uuid import UUID

import rjieba

QUERY_CHARS_MAX: Final = 100
"""So much of a search counts; people paste whole pages."""
TERM_CHARS_MAX: Final = 200
"""So much of a search is remembered: folding may make one character many."""
LEXEMES_MAX: Final = 2_000
"""So many lexemes a product is found by, its title's first."""
_WORD_CHARS_MAX: Final = 64
_GROUPS_MAX: Final = 16

# Ideographs with their extensions, kana and hangul; the iteration mark repeats an ideograph.
_DENSE: Final = "\u3005\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_RUNS: Final = re.compile(rf"([{_DENSE}]+)|([^\W_{_DENSE}]+)")
_PIECES: Final = re.compile(r"\d+|\D+")
_SHORTEST_WORD: Final = 3
"""Shorter ones of a dense run are its characters and pairs already; of a latin word there is nothing to take apart."""

# Alone they would be searched for; beside words they say nothing: particles, and the verbs of wishing.
_IDLE: Final = frozenset("的了吗呢吧啊呀嘛和与或及之在是有我你要想买找个")


@dataclass(frozen=True, slots=True)
class SearchText:
    """What is said of one product, the weightiest first."""

    title: str
    vendor: str = ""
    tags: Sequence[str] = ()
    categories: Sequence[str] = ()
    """Names from the root of the tree to where it stands."""
    product_type: str = ""
    options: Sequence[str] = ()
    skus: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A search in PostgreSQL's words (tsquery as text); None finds nothing."""

    all: str | None
    """Every word is there."""
    any: str | None
    """One of the words is there; None when there is only one word, which `all` has asked for."""
    rank: str | None
    """Everything that makes a product a better answer."""


def folded(text: str) -> str:
    """Return text as it is compared: full-width forms narrow, case folded."""
    return unicodedata.normalize("NFKC", text).casefold()


def document_of(shop_id: UUID, text: SearchText) -> str:
    """Return what a product is found by as a tsvector's text: the shop, and each lexeme with its best weight."""
    weights: dict[str, str] = {}
    for weight, by_parts, texts in (
        ("A", True, (text.title,)),
        ("B", True, (text.vendor,)),
        ("B", False, text.tags),
        ("C", False, (*text.categories, text.product_type, *text.options)),
        ("D", False, text.skus),
    ):
        for lexeme in _lexemes(texts, by_parts=by_parts):
            weights.setdefault(lexeme, weight)
    kept = list(weights.items())[:LEXEMES_MAX]
    return " ".join([quoted(shop_lexeme(shop_id)), *(f"{quoted(lexeme)}:1{weight}" for lexeme, weight in kept)])


@lru_cache(maxsize=1024)
def query_of(text: str) -> SearchQuery:
    """Return what a search asks for. Text without a letter or digit asks for nothing that is."""
    groups: dict[str, None] = {}
    rank: dict[str, None] = {}
    for needed, whole in _groups(folded(text[:QUERY_CHARS_MAX])):
        rank |= dict.fromkeys((*needed, *whole))
        parts = " & ".join(quoted(lexeme) for lexeme in needed)
        groups[f"({' | '.join((parts, *map(quoted, whole)))})"] = None
        if len(groups) == _GROUPS_MAX:
            break
    if not groups:
        return SearchQuery(None, None, None)
    return SearchQuery(
        " & ".join(groups), " | ".join(groups) if len(groups) > 1 else None, " | ".join(map(quoted, rank))
    )


def asks_all(text: str) -> str | None:
    """`query_of(text).all`, to bind."""
    return query_of(text).all


def asks_any(text: str) -> str | None:
    """`query_of(text).any`, to bind."""
    return query_of(text).any


def asks_rank(text: str) -> str | None:
    """`query_of(text).rank`, to bind."""
    return query_of(text).rank


def term_of(text: str) -> str:
    """Return a search as it is remembered: folded, its words one space apart; empty when it asks for nothing."""
    term = " ".join(folded(text[:QUERY_CHARS_MAX]).split())[:TERM_CHARS_MAX].rstrip()
    return term if _RUNS.search(term) else ""


def shop_lexeme(shop_id: UUID) -> str:
    """Return the lexeme that all products of a shop have, and no text: one index serves all shops."""
    return f"@{shop_id.hex}"


def quoted(lexeme: str) -> str:
    """Return a lexeme as tsvector and tsquery read it, whatever is in it."""
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"


def _lexemes(texts: Iterable[str], *, by_parts: bool) -> Iterator[str]:
    for text in texts:
        for run, is_dense in _runs(folded(text)):
            if is_dense:
                yield from run
                yield from _pairs(run)
                yield from (word for word in rjieba.cut(run) if len(word) >= _SHORTEST_WORD)
                continue
            yield run[:_WORD_CHARS_MAX]
            yield from _pieces(run)
            if by_parts:
                # Of every two neighbours in a title at least one way leads to it, also where a word touches another.
                yield from (run[0], *_pairs(run), run[-1])


def _groups(text: str) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Yield for each word of a search the lexemes that must all be there, and those that do in their place."""
    words = [(word, is_dense) for run, is_dense in _runs(text) for word in (_cut(run) if is_dense else [run])]
    telling = [(word, is_dense) for word, is_dense in words if word not in _IDLE]
    for word, is_dense in telling or words:
        short = word[:_WORD_CHARS_MAX]
        pieces = () if is_dense else tuple(_pieces(short))
        if pieces:
            yield pieces, (short,)
        elif len(short) >= _SHORTEST_WORD and (is_dense or short.isalpha()):
            yield tuple(_pairs(short)), (short,)
        else:
            yield (short,), ()


def _runs(text: str) -> Iterator[tuple[str, bool]]:
    for found in _RUNS.finditer(text):
        yield found[0], found[1] is not None


def _cut(run: str) -> list[str]:
    """Cut a dense run into words; two characters stay a pair, for they may be neighbours from two words."""
    return [run] if len(run) < _SHORTEST_WORD else rjieba.cut(run)


def _pairs(run: str) -> Iterator[str]:
    return (one + other for one, other in pairwise(run))


def _pieces(run: str) -> Iterator[str]:
    """Yield the letters and the digits of a word that has both."""
    pieces = _PIECES.findall(run[:_WORD_CHARS_MAX])
    return iter(pieces if len(pieces) > 1 else ())
