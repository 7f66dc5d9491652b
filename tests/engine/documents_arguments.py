"""What fields are asked with: arguments that mean something in a real shop."""

from collections.abc import Sequence
from random import Random
from typing import Any

from graphql import GraphQLField

from tests.engine.documents_tree import Given, ListOf, ObjectOf, Value
from tests.engine.documents_world import ENUMS, NODE_TABLES, World, argument_type

PAGE_SIZES = (1, 2, 3, 4)
_LANDING_TYPES = {
    "productId": "ID", "productHandle": "Handle", "collectionId": "ID", "collectionHandle": "Handle", "pageId": "ID",
    "teamId": "ID",     "pageHandle": "Handle", "scene": "String", "shareToken": "String",
}  # fmt: skip
_FILTER_TYPES = {
    "available": "Boolean!", "category": "ID!", "collection": "ID!", "vendor": "String!", "productType": "String!",
    "tag": "String!", "minRating": "Int!", "min": "Fen", "max": "Fen", "name": "String!", "value": "String!",
}  # fmt: skip
_ROOT_ROWS = {
    "product": ("prd", "product"), "collection": ("col", "collection"), "category": ("cat", "category"),
    "page": ("pag", "page"),
}  # fmt: skip
_LOOSE_ROOTS = {
    "landing",
    "shareLink",
    "searchSuggest",
    "catalogueChange",
    "viewerChange",
    "regions",
    "freightTemplate",
    "cart",
    "order",
    "orderChange",
    "messageTemplates",
    "groupBuy",
    "groupBuyTeam",
    "groupBuyTeamChange",
}


class Arguments:
    """Draws arguments of fields in one world."""

    def __init__(self, world: World, random: Random) -> None:
        self._world = world
        self._random = random

    def of(  # noqa: PLR0911 - one way out for each kind of argument
        self, parent: str, name: str, declared: GraphQLField
    ) -> dict[str, Value]:
        """What a field is asked with this time."""
        if "after" in declared.args and "first" in declared.args:
            return self._paging(f"{parent}.{name}")
        if not declared.args:
            return {}
        random, ids = self._random, self._world.ids
        if parent == "Query" and name in _ROOT_ROWS:
            prefix, table = _ROOT_ROWS[name]
            handles = self._world.handles(table)
            by_id = self._one_of("id", "ID", self._ids(prefix)) if random.random() < 0.5 else None
            return {"id": by_id} if by_id else {"handle": self._one_of("handle", "Handle", handles)}
        if parent == "Query" and name in _LOOSE_ROOTS:
            return self._loose(name)
        match name:
            case "node" | "nodes":
                one = name == "node"
                return {"id": self._one_of("id", "ID!", self._node_ids(5))} if one else {"ids": self._id_list()}
            case "categories":
                return {} if random.random() < 0.5 else {"parent": self._one_of("parent", "ID", ids["cat"][:2])}
            case "url":
                return self._smaller()
            case "metafield":
                keys = {"namespace": ["care"], "key": ["k0", "k0", "k1"]}
                return {key: self._one_of(key, "String!", values) for key, values in keys.items()}
        if set(declared.args) == {"first"}:
            return {"first": self._one_of("first", "PageSize", PAGE_SIZES)} if random.random() < 0.7 else {}
        message = f"nobody has said what to ask {parent}.{name} with"
        raise LookupError(message)

    def _loose(  # noqa: PLR0911 - one way out for each root
        self, name: str
    ) -> dict[str, Value]:
        """What roots are asked with that no table of ids answers."""
        match name:
            case "landing":
                return self._landing()
            case "regions":
                # The smallest provinces, a city, a district, nothing: whatever hangs from them stays readable.
                parents = ("640000", "820000", "330100", "330106", "999999", None)
                return {"parent": self._one_of("parent", "RegionCode", parents)} if self._random.random() < 0.9 else {}
            case "freightTemplate" | "cart" | "groupBuy":
                prefix = {"freightTemplate": "frt", "cart": "crt", "groupBuy": "gbo"}[name]
                type_ = "ID" if name == "cart" else "ID!"
                id_ = self._one_of("id", type_, [*self._ids(prefix), f"{prefix}_nothing"])
                return {} if name == "cart" and self._random.random() < 0.7 else {"id": id_}
            case "groupBuyTeam":
                return self._team()
            case "order":
                return self._order()
            case "orderChange" | "groupBuyTeamChange":
                return self._change_of(*(("orderId", "ord") if name == "orderChange" else ("teamId", "gbt")))
            case "messageTemplates":
                return self._message_templates()
            case "shareLink":
                return {"token": self._one_of("token", "String!", self._world.tokens())}
            case "searchSuggest":
                words = [self._world.words(self._random) for _ in range(5)]
                made: dict[str, Value] = {"query": self._one_of("query", "String!", [self._world.shop.word, *words])}
                return made | (
                    {"first": self._one_of("first", "PageSize", PAGE_SIZES)} if self._random.random() < 0.5 else {}
                )
        after = self._one_of("after", "String", self._world.changes)
        return {} if self._random.random() < 0.2 else {"after": after}

    def _order(self) -> dict[str, Value]:
        """By the first of what names it; what is given beside it says nothing."""
        orders = self._world.shop.rows["orders"]
        ways: dict[str, Value] = {
            "id": self._one_of("id", "ID", [*self._ids("ord"), "ord_nothing", self._world.ids["prd"][0], None]),
            "no": self._one_of("no", "String", [*(row["order_no"] for row in orders), "nothing"]),
            "outTradeNo": self._one_of(
                "outTradeNo", "String", [*(row["out_trade_no"] for row in self._world.shop.rows["payment"]), "nothing"]
            ),
        }
        seen = [id_ for id_ in self._world.seen if id_.startswith("ord")]
        if seen and self._random.random() < 0.6:
            return {"id": self._one_of("id", "ID", seen)}
        names = self._random.sample(list(ways), self._random.choice((1, 1, 1, 2)))
        return {name: ways[name] for name in names}

    def _team(self) -> dict[str, Value]:
        """By its id, or by what a card of it carried."""
        if self._random.random() < 0.7:
            return {"id": self._one_of("id", "ID", [*self._ids("gbt"), "gbt_nothing", None])}
        tokens = [token for token in self._world.tokens() if token.startswith("Team")]
        return {"shareToken": self._one_of("shareToken", "String", [*tokens, "nothing"])}

    def _change_of(self, name: str, prefix: str) -> dict[str, Value]:
        """Of all that are the viewer's, or of one."""
        made: dict[str, Value] = {}
        if self._random.random() < 0.5:
            made[name] = self._one_of(name, "ID", [*self._ids(prefix), f"{prefix}_nothing", None])
        if self._random.random() < 0.5:
            made["after"] = self._one_of("after", "String", self._world.changes)
        return made

    def _message_templates(self) -> dict[str, Value]:
        """Of an app, of an event, both or neither."""
        event = self._one_of("event", "MessageEventName", ("ORDER_PAID", "ORDER_EXPIRING", "AFTER_SALE_CHANGED", None))
        event.is_enum = True
        app = self._one_of("appid", "String", [*(row["appid"] for row in self._world.shop.rows["wechat_app"]), "wx0"])
        made: dict[str, Value] = {"appid": app, "event": event}
        return {name: value for name, value in made.items() if self._random.random() < 0.4}

    def _smaller(self) -> dict[str, Value]:
        """Perhaps a picture's address in a size, or written otherwise."""
        sides = {side: self._one_of(side, "Int", (1, 100, 750, 10_000, None)) for side in ("width", "height")}
        format_ = self._one_of("format", "ImageFormat", ("WEBP", "JPEG", None))
        format_.is_enum = True
        made: dict[str, Value] = {**sides, "format": format_}
        return {name: value for name, value in made.items() if self._random.random() < 0.4}

    def _landing(self) -> dict[str, Value]:
        """To one target at most, by what names it, and perhaps by a share link."""
        ways = [way for way in (self._world.landings(self._random) for _ in range(4)) if way]
        if not ways:
            return {}
        given, *others = ways
        parts: dict[str, Value] = {
            name: Given(_LANDING_TYPES[name], value, tuple(other[name] for other in others if name in other))
            for name, value in given.items()
        }
        return {"input": ObjectOf("LandingInput", parts, tuple(others))}

    def _one_of(self, _name: str, type_: str, values: Sequence[Any]) -> Given:
        value = self._random.choice(values)
        return Given(type_, value, tuple(self._random.sample(values, min(3, len(values)))))

    def _ids(self, prefix: str) -> list[str]:
        seen = [id_ for id_ in self._world.seen if id_.startswith(prefix)]
        return [*seen, *seen, *self._world.ids[prefix]]

    def _node_ids(self, count: int) -> list[str]:
        if self._random.random() < 0.6:
            return self._random.sample(self._world.seen, count)
        prefixes = self._random.choices(list(NODE_TABLES), k=count)
        return [self._random.choice(self._world.ids[prefix]) for prefix in prefixes]

    def _id_list(self) -> ListOf:
        ids = [*self._node_ids(3), self._random.choice(("prd_nothing", "", "shp_" + "0" * 32, self._world.seen[0]))]
        self._random.shuffle(ids)
        items: list[Value] = [Given("ID!", id_, tuple(self._node_ids(1))) for id_ in ids]
        return ListOf("[ID!]!", items, (ids[:1], [], [*reversed(ids)]))

    def _paging(self, place: str) -> dict[str, Value]:
        """Arguments of a page; cursors only with the arguments that their list had."""
        random = self._random
        choice = random.choice(self._world.lists[place])
        has_cursor = bool(choice.cursors) and random.random() < 0.45
        made = self._narrowing(place, choice.arguments if has_cursor else None)
        if random.random() < 0.9:
            side = random.choice(("first", "first", "last"))
            made[side] = Given("PageSize", random.choice(PAGE_SIZES), (1, 2, 5))
        for name in random.choice((("after",), ("before",), ("after", "before"))) if has_cursor else ():
            made[name] = self._one_of(name, "Cursor", (*choice.cursors, *choice.cursors, None))
        if random.random() < 0.1 and "last" not in made:
            made["last"] = Given("PageSize", None)
        shuffled = list(made.items())
        random.shuffle(shuffled)
        return dict(shuffled)

    def _narrowing(self, place: str, fixed: dict[str, Any] | None) -> dict[str, Value]:
        """A list's own arguments; `fixed` are those that a cursor binds."""
        world, random = self._world, self._random
        given = world.narrowing(place, random) if fixed is None else fixed
        made: dict[str, Value] = {}
        for name, value in given.items():
            ways = [world.narrowing(place, random) for _ in range(6)] if fixed is None else []
            others = tuple(way[name] for way in ways if name in way)
            type_ = argument_type(place, name)
            if name == "filters":
                items: list[Value] = [self._filter(one, is_free=fixed is None) for one in value]
                made[name] = ListOf(type_, items, others)
            else:
                made[name] = Given(type_, value, others, is_enum=name in ENUMS)
        return made

    def _filter(self, given: dict[str, Any], *, is_free: bool) -> ObjectOf:
        ((kind, value),) = given.items()
        others = [one for one in (self._world.filters(self._random) for _ in range(3)) if one and is_free]
        same = tuple(one[kind] for (one, *_) in others if kind in one)
        is_nested = isinstance(value, dict)
        inner = self._nested(kind, value, same) if is_nested else Given(_FILTER_TYPES[kind], value, same)
        return ObjectOf("ProductFilter!", {kind: inner}, tuple(one[0] for one in others))

    def _nested(self, kind: str, value: dict[str, Any], others: tuple[Any, ...]) -> ObjectOf:
        type_ = {"price": "PriceFilter!", "option": "OptionFilter!"}[kind]
        fields: dict[str, Value] = {
            name: Given(_FILTER_TYPES[name], one, tuple(other[name] for other in others if name in other))
            for name, one in value.items()
        }
        return ObjectOf(type_, fields, others)
