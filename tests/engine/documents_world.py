"""What is really there to be asked for: ids, handles, filters and cursors, taken from the engine's own answers."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from ids import encode_id
from models.staff import Role
from resolvers.caller import Caller
from schema.root import sources
from tests.engine.both import Both
from tests.engine.small_people import CAMPAIGNS, DEVICES
from tests.engine.small_shop import SmallShop

SORT_KEYS = ("RELEVANCE", "PUBLISHED", "BEST_SELLING", "PRICE", "RATING", "TITLE", "CREATED", "UPDATED")
NODE_TABLES = {
    "prd": "product", "var": "variant", "opt": "product_option", "med": "media", "col": "collection", "cat": "category",
    "rev": "review", "mtf": "metafield", "loc": "location", "prh": "price_history", "lvl": "stock_level",
    "mov": "stock_move", "shp": "shop", "pag": "page", "pro": "promoter", "lnk": "share_link", "cus": "customer",
    "adr": "address", "frt": "freight_template", "evt": "outbox_event", "crt": "cart", "ord": "orders",
    "oln": "order_line", "dlv": "delivery", "pay": "payment", "mac": "merchant_account", "rfd": "refund",
    "afs": "after_sale", "pcl": "shipment", "upl": "shipping_upload",
    "mtp": "message_template", "gbo": "group_buy", "gbv": "group_buy_variant", "gbt": "group_buy_team",
    "gbs": "group_buy_seat", "msg": "message",
}  # fmt: skip
_PLAIN = {
    "Product.variants": "products(first: 100) { nodes { list: variants(first: 100) { edges { cursor } } } }",
    "Product.media": "products(first: 100) { nodes { list: media(first: 100) { edges { cursor } } } }",
    "Product.reviews": "products(first: 100) { nodes { list: reviews(first: 100) { edges { cursor } } } }",
    "Query.collections": "list: collections(first: 100) { edges { cursor } }",
    "Customer.afterSales": "viewer { afterSales(first: 100) { edges { cursor } } }",
    "Query.failedShippingUploads": "list: failedShippingUploads(first: 100) { edges { cursor } }",
    "Customer.favourites": "viewer { favourites(first: 100) { edges { cursor } } }",
    "Query.deadLetters": "list: deadLetters(first: 100) { edges { cursor } }",
    "GroupBuyTeam.seats": "groupBuyTeams(first: 100) { nodes { seats(first: 9) { edges { cursor } } } }",
    "Customer.groupBuyTeams": "viewer { groupBuyTeams(first: 100) { edges { cursor } } }",
    "Query.myShareLinks": "list: myShareLinks(first: 100) { edges { cursor } }",
    "Query.pages": "list: pages(first: 100) { edges { cursor } }",
    "ShareLink.visits": "shareLinks(first: 100) { nodes { visits(first: 9) { edges { cursor } } } }",
    "Variant.stockMoves": "products { nodes { variants { nodes { stockMoves(first: 9) { edges { cursor } } } } } }",
}
"""For each list without arguments of its own, a way to its cursors."""
_NARROWED = {
    "Query.products": ("products(first: 100 %s) { edges { cursor } }", 16),
    "Collection.products": ("collections(first: 100) { nodes { products(first: 100 %s) { edges { cursor } } } }", 10),
    "Query.orders": ("orders(first: 100 %s) { edges { cursor } }", 8),
    "Customer.orders": ("viewer { orders(first: 100 %s) { edges { cursor } } }", 6),
    "Query.groupBuys": ("groupBuys(first: 100 %s) { edges { cursor } }", 8),
    "Query.groupBuyTeams": ("groupBuyTeams(first: 100 %s) { edges { cursor } }", 6),
    "Query.messages": ("messages(first: 100 %s) { edges { cursor } }", 6),
    "Query.refunds": ("refunds(first: 100 %s) { edges { cursor } }", 4),
    "Query.afterSales": ("afterSales(first: 100 %s) { edges { cursor } }", 4),
    "Query.promoters": ("promoters(first: 100 %s) { edges { cursor } }", 4),
    "Query.shareLinks": ("shareLinks(first: 100 %s) { edges { cursor } }", 6),
    "Query.visits": ("visits(first: 100 %s) { edges { cursor } }", 8),
}
"""For each list with arguments of its own, a way to its cursors, and how many sets of arguments are tried."""
_ARGUMENT_TYPES = {
    "query": "String!", "filters": "[ProductFilter!]", "sortKey": "ProductSortKey!", "reverse": "Boolean!",
    "promoter": "ID", "campaign": "String", "active": "Boolean", "visitorId": "ID",
    "tab": "OrderTab", "task": "OrderTask", "state": "RefundState", "Query.orders.status": "OrderStatus",
    "Query.afterSales.status": "AfterSaleStatus", "sort": "GroupBuySort!", "productId": "ID", "groupBuyId": "ID",
    "Query.groupBuys.status": "OfferStatus", "Query.groupBuyTeams.state": "GroupBuyTeamState",
    "Query.messages.state": "MessageState", "event": "MessageEventName", "orderId": "ID", "customerId": "ID",
}  # fmt: skip
ENUMS = {"sortKey", "status", "tab", "task", "state", "sort", "event"}
_SORTS = ("ENDING_SOON", "MOST_JOINED", "NEWEST")
_TABS = ("TO_PAY", "TO_SHIP", "TO_RECEIVE", "TO_REVIEW", "AFTER_SALE", None)
_TASKS = ("PAYMENT", "REFUND", "SHIPPING", "SHIPPING_UPLOAD", None)

_SEEN = """{
    products(first: 100) { nodes { id variants { nodes { id } } } } collections { nodes { id } } pages { nodes { id } }
    groupBuys { nodes { id variants { id } openTeams { id } } }
    viewer { id groupBuyTeams { nodes { id viewerSeat { id } } } }
}"""
_ORDER = "{ id lines { id } deliveries { id } payments { id } refunds { id } afterSales { id } shipments { id } }"
_OWN_ORDERS = f"{{ viewer {{ orders(first: 9) {{ nodes {_ORDER} }} }} }}"
_ALL_ORDERS = f"{{ orders(first: 9) {{ nodes {_ORDER} }} }}"
_CHANGES = "{ catalogueChange { cursor } viewerChange { cursor } orderChange { cursor } groupBuyTeamChange { cursor } }"


def argument_type(place: str, name: str) -> str:
    """The type of a list's own argument."""
    return _ARGUMENT_TYPES.get(f"{place}.{name}") or _ARGUMENT_TYPES[name]


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
    changes: list[str | None] = field(default_factory=list)
    """Cursors of what can be followed: where it is now, and some that are no more."""

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
        if random.random() < 0.25:
            return {"teamId": random.choice(self.ids["gbt"])}
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

    def narrowing(self, place: str, random: Random) -> dict[str, Any]:
        """Arguments that a list may be narrowed by, beside those of paging."""
        if place.endswith(".products"):
            return self._listing(random)
        promoter = {"promoter": random.choice([*self.ids["pro"], *self.ids["pro"], "pro_nobody", None])}
        given: dict[str, Any] = {
            "Query.orders": {
                "query": self._order_words(random), "tab": random.choice(_TABS), "task": random.choice(_TASKS),
                "status": random.choice(("PENDING_PAYMENT", "PAID", "COMPLETED", "CANCELLED", "CLOSED", None)),
            },
            "Customer.orders": {"tab": random.choice(_TABS)},
            "Query.groupBuys": {
                "sort": random.choice(_SORTS), "productId": random.choice([*self.ids["prd"][:5], "prd_nothing", None]),
                "status": random.choice(("DRAFT", "PUBLISHED", "ENDED", None)),
            },
            "Query.groupBuyTeams": {
                "groupBuyId": random.choice([*self.ids["gbo"][:3], "gbo_nothing", None]),
                "state": random.choice(("OPENING", "FORMING", "FAILED", None)),
            },
            "Query.messages": {
                "orderId": random.choice([*self.ids["ord"][:4], "ord_nobody"]),
                "customerId": random.choice(self.ids["cus"]),
                "event": random.choice(("ORDER_PAID", "ORDER_SHIPPED")),
                "state": random.choice(("SENT", "FAILED", None)),
            },
            "Query.refunds": {"state": random.choice(("REQUESTED", "SUCCEEDED", "ABNORMAL", None))},
            "Query.afterSales": {"status": random.choice(("APPLIED", "REFUNDING", "COMPLETED", None))},
            "Query.promoters": {"active": random.choice((True, False, None))},
            "Query.shareLinks": {**promoter, "campaign": random.choice((*CAMPAIGNS, "none"))},
            "Query.visits": {**promoter, "visitorId": random.choice((*map(str, DEVICES), "nothing", None))},
        }  # fmt: skip
        return {name: value for name, value in given.get(place, {}).items() if random.random() < 0.4}

    def _order_words(self, random: Random) -> str:
        """What staff look for in orders: numbers, titles, nicknames, in any case, or nothing there is."""
        order = random.choice(self.shop.rows["orders"])
        return str(random.choice((order["order_no"], self.shop.word, f"{self.shop.word}0", "AB", "茶", "没有的", "%")))

    def _listing(self, random: Random) -> dict[str, Any]:
        given: dict[str, Any] = {"filters": self.filters(random)} if random.random() < 0.6 else {}
        given |= {"query": self.words(random)} if random.random() < 0.3 else {}
        given |= {"sortKey": random.choice(SORT_KEYS)} if random.random() < 0.6 else {}
        given |= {"reverse": random.random() < 0.7} if random.random() < 0.4 else {}
        return given


async def world(both: Both, shop: SmallShop, viewer: Caller, seed: int = 0) -> World:
    """Look around as this viewer."""
    found = World(shop)
    for prefix, table in NODE_TABLES.items():
        found.ids[prefix] = [encode_id(prefix, id_) for id_ in shop.ids(table)]
    random = Random(seed)  # noqa: S311 - the same questions for every run
    seen = await both.data(_SEEN, None, viewer)
    found.seen = list(_values(seen, "id"))
    found.seen += _values(await both.data(_OWN_ORDERS, None, viewer), "id")
    if viewer.may(Role.ORDERS):
        found.seen += _values(await both.data(_ALL_ORDERS, None, viewer), "id")
    found.changes = [*_values(await both.data(_CHANGES, None, viewer), "cursor"), "v6", "", None]
    for place, (text, times) in _NARROWED.items():
        if _is_allowed(viewer, place):
            given = [_arguments(found, random, place, number) for number in range(times)]
            found.lists[place] = [await _choice(both, viewer, place, text, one) for one in given]
    for place, text in _PLAIN.items():
        if _is_allowed(viewer, place):
            found.lists[place] = [await _choice(both, viewer, place, text, {})]
    return found


def _is_allowed(viewer: Caller, place: str) -> bool:
    type_, _, name = place.partition(".")
    roles = sources.fields[type_, name].roles
    return not roles or any(map(viewer.may, roles))


def _arguments(found: World, random: Random, place: str, number: int) -> dict[str, Any]:
    """Every order of products in turn, under few filters, so that there is something to page through."""
    arguments = found.narrowing(place, random)
    if place.endswith(".products"):
        arguments["sortKey"] = SORT_KEYS[number % len(SORT_KEYS)]
        if "filters" in arguments:
            arguments["filters"] = arguments["filters"][:1]
        if arguments["sortKey"] == "RELEVANCE":
            arguments["query"] = random.choice((found.shop.word, found.words(random)))
    return arguments if number else {}


async def _choice(both: Both, viewer: Caller, place: str, path: str, arguments: dict[str, Any]) -> ListChoice:
    declared = ", ".join(f"${name}: {argument_type(place, name)}" for name in arguments)
    given = ", ".join(f"{name}: ${name}" for name in arguments)
    text = path.replace("%s", given)
    answer = await both.data(f"query({declared}) {{ {text} }}" if declared else f"{{ {text} }}", arguments, viewer)
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
