"""What is really there to be asked for: ids, handles, filters and cursors, taken from the engine's own answers."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from ids import encode_id
from resolvers.caller import Caller
from tests.engine.both import Both
from tests.engine.small_shop import SmallShop

SORT_KEYS = ("RELEVANCE", "PUBLISHED", "BEST_SELLING", "PRICE", "RATING", "TITLE", "CREATED", "UPDATED")
NODE_TABLES = {
    "prd": "product", "var": "variant", "opt": "product_option", "med": "media", "col": "collection", "cat": "category",
    "rev": "review", "mtf": "metafield", "loc": "location", "prh": "price_history", "lvl": "stock_level",
    "mov": "stock_move", "shp": "shop", "pag": "page", "pro": "promoter", "lnk": "share_link",
}  # fmt: skip
_PLAIN = {
    "Product.variants": "products(first: 100) { nodes { list: variants(first: 100) { edges { cursor } } } }",
    "Product.media": "products(first: 100) { nodes { list: media(first: 100) { edges { cursor } } } }",
    "Product.reviews": "products(first: 100) { nodes { list: reviews(first: 100) { edges { cursor } } } }",
    "Query.collections": "list: collections(first: 100) { edges { cursor } }",
    "Query.pages": "list: pages(first: 100) { edges { cursor } }",
    "Query.promoters": "list: promoters(first: 100) { edges { cursor } }",
    "Query.shareLinks": "list: shareLinks(first: 100) { edges { cursor } }",
    "Query.visits": "list: visits(first: 100) { edges { cursor } }",
    "ShareLink.visits": "shareLinks { nodes { visits(first: 9) { edges { cursor } } } }",
    "Variant.stockMoves": "products { nodes { variants { nodes { stockMoves(first: 9) { edges { cursor } } } } } }",
}
"""For each list whose own arguments nobody gives, a way to its cursors."""
_FOR_STAFF = {"Variant.stockMoves", "Query.promoters", "Query.shareLinks", "Query.visits", "ShareLink.visits"}


@dataclass(frozen=True, slots=True)
class ListChoice:
    """One way to ask for a list and the cursors of its items."""

    arguments: dict[str, Any]
    cursors: tuple[str, ...]


@dataclass(slots=True)
class World:
    """One shop as one viewer finds it."""

    shop: SmallShop
    ids: dict[str, list[str]] = field(default_factory=dict)
    """By prefix; also of rows that the viewer may not see."""
    seen: list[str] = field(default_factory=list)
    """Ids that the viewer got as answers."""
    lists: dict[str, list[ListChoice]] = field(default_factory=dict)

    def handles(self, table: str) -> list[str]:
        """The handles of a table."""
        return [row["handle"] for row in self.shop.rows[table]]

    def tokens(self) -> list[str]:
        """The tokens of share links, and two that nobody has."""
        return [*(row["token"] for row in self.shop.rows["share_link"]), "aaaaaaaaaa", ""]

    def landings(self, random: Random) -> dict[str, Any]:
        """What an address may have had: a target, a share, both, or nothing."""
        kind, table, prefix = random.choice(
            (("product", "product", "prd"), ("collection", "collection", "col"), ("page", "page", "pag"))
        )
        ways: list[dict[str, Any]] = [
            {}, {f"{kind}Id": random.choice(self.ids[prefix])}, {f"{kind}Handle": random.choice(self.handles(table))},
        ]  # fmt: skip
        token = random.choice(self.tokens())
        shares: list[dict[str, Any]] = [{}, {"scene": f"t={token}"}, {"shareToken": token}]
        return {**random.choice(ways), **random.choice(shares)}

    def words(self, random: Random) -> str:
        """What somebody looks for: whole titles, parts, brands, tags, what only some products or none have."""
        word, product = self.shop.word, random.choice(self.shop.rows["product"])
        return str(
            random.choice(
                (word, word, f"{word}茶", "茶", product["title"], product["vendor"], product["tags"][-1],
                 f"{word} 衣", "没有的", "' | !", f"  {word}０")
            )
        )  # fmt: skip

    def filters(self, random: Random) -> list[dict[str, Any]]:
        """Some filters, now and then two of a kind."""
        return [self._filter(random) for _ in range(random.choice((0, 1, 1, 2, 3)))]

    def _filter(self, random: Random) -> dict[str, Any]:
        product = random.choice(self.shop.rows["product"])
        option = random.choice(self.shop.rows["product_option"])
        prices: list[dict[str, Any]] = [{"min": 990}, {"max": 5000}, {"min": 1000, "max": 2**53 - 1}, {"min": None}, {}]
        return random.choice(
            (
                {"available": random.random() < 0.7},
                {"price": random.choice(prices)},
                {"category": random.choice(self.ids["cat"])},
                {"collection": random.choice(self.ids["col"])},
                {"vendor": product["vendor"]},
                {"productType": product["product_type"]},
                {"tag": random.choice(product["tags"])},
                {"option": {"name": option["name"], "value": option["values"][0]}},
                {"minRating": random.choice((1, 3))},
            )
        )


async def world(both: Both, shop: SmallShop, viewer: Caller, seed: int = 0) -> World:
    """Look around as this viewer."""
    found = World(shop)
    for prefix, table in NODE_TABLES.items():
        found.ids[prefix] = [encode_id(prefix, id_) for id_ in shop.ids(table)]
    random = Random(seed)  # noqa: S311 - the same questions for every run
    seen = await both.data(
        "{ products(first: 100) { nodes { id variants { nodes { id } } } } collections { nodes { id } } }", None, viewer
    )
    found.seen = list(_values(seen, "id"))
    found.lists["Query.products"] = [
        await _choice(
            both, viewer, "products(first: 100, %s) { edges { cursor } }", _arguments(found, random, sort_key)
        )
        for sort_key in (*SORT_KEYS, *SORT_KEYS)
    ]
    path = "collections(first: 100) { nodes { products(first: 100, %s) { edges { cursor } } } }"
    found.lists["Collection.products"] = [
        await _choice(both, viewer, path, _arguments(found, random, sort_key)) for sort_key in (*SORT_KEYS, None, None)
    ]
    for place, text in _PLAIN.items():
        if place not in _FOR_STAFF or viewer.sees_hidden:
            found.lists[place] = [
                ListChoice({}, tuple(_values(await both.data(f"{{ {text} }}", None, viewer), "cursor")))
            ]
    return found


def _arguments(found: World, random: Random, sort_key: str | None) -> dict[str, Any]:
    arguments: dict[str, Any] = {"filters": random.choice(([], found.filters(random)[:1]))}
    if sort_key:
        arguments["sortKey"] = sort_key
    if sort_key == "RELEVANCE" or random.random() < 0.2:
        arguments["query"] = random.choice((found.shop.word, found.words(random)))
    if random.random() < 0.5:
        arguments["reverse"] = random.random() < 0.8
    return arguments


async def _choice(both: Both, viewer: Caller, path: str, arguments: dict[str, Any]) -> ListChoice:
    types = {"query": "String!", "filters": "[ProductFilter!]", "sortKey": "ProductSortKey!", "reverse": "Boolean!"}
    declared = ", ".join(f"${name}: {types[name]}" for name in arguments)
    given = ", ".join(f"{name}: ${name}" for name in arguments)
    answer = await both.data(f"query({declared}) {{ {path % given} }}", arguments, viewer)
    return ListChoice(arguments, tuple(_values(answer, "cursor")))


def _values(answer: Any, name: str) -> Iterator[str]:
    if isinstance(answer, list):
        for one in answer:
            yield from _values(one, name)
    if isinstance(answer, dict):
        for key, one in answer.items():
            if key == name:
                yield one
            else:
                yield from _values(one, name)
