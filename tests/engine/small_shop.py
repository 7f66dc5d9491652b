"""A small shop with something of everything: what generated documents are asked of.

Ties in every order, products in every state, members of every list, and a word of its own in every text, so that
a row of one shop found in an answer of another is seen at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import orjson

from ids import new_id
from models.database import Connection
from resolvers.search_index import index_products
from tests.models.row_ids import Row
from tests.models.rows import insert

NOW = datetime(2096, 6, 1, 8, 0, 0, 123456, tzinfo=UTC)
"""The shop's clock in every test of the engine: so late that no due work of another test finds anything of it over."""
AGES = {"version": 1, "created_at": NOW - timedelta(days=90), "updated_at": NOW - timedelta(days=30)}
OPTIONS = (("颜色", ("浅杏粉", "墨绿", '"裸"色')), ("尺码", ("S", "M", "L")))
VENDORS = ("山野", "小满", "")
TYPES = ("茶", "衣", "")
TABLES = (
    "shop", "category", "freight_template", "freight_rule", "product", "product_option", "media", "media_file",
    "variant", "price_history", "collection", "collection_product", "location", "stock_level", "stock_move",
    "hot_search", "page", "customer", "consent", "favourite", "address", "staff", "promoter", "share_link", "visit",
    "search", "viewed_product", "outbox_event", "cart", "cart_line", "wechat_app", "merchant_account",
    "merchant_account_app", "orders", "order_line", "order_adjustment", "order_change", "order_note", "order_hold",
    "delivery", "payment", "after_sale", "after_sale_change", "refund", "refund_allocation", "refund_line", "shipment",
    "shipment_line", "shipping_upload", "review", "identity", "message_template", "message_quota", "metafield",
    "message_push",
    "group_buy", "group_buy_variant", "group_buy_team", "group_buy_seat", "group_buy_change", "group_buy_card",
    "message",
)  # fmt: skip
"""Parents before children."""
TAGS = ("新品", "绿茶", "it's", "a\\b", "礼盒")


@dataclass(slots=True)
class SmallShop:
    """The rows of one shop by table."""

    id: UUID
    word: str
    rows: dict[str, list[Row]] = field(default_factory=dict)
    _ids: list[UUID] = field(default_factory=list)

    def new_id(self) -> UUID:
        """An id that does not tell when its row was written, so that rows tied in an order are not in it by chance."""
        if not self._ids:
            self._ids = [new_id() for _ in range(500)]
            Random(len(self.rows)).shuffle(self._ids)  # noqa: S311 - any order but theirs
        return self._ids.pop()

    def add(self, table: str, **columns: object) -> UUID:
        """Keep a row of this shop and return its id."""
        row: Row = {"id": self.new_id(), "shop_id": self.id, **columns}
        self.rows.setdefault(table, []).append(row)
        id_: UUID = row["id"]
        return id_

    def ids(self, table: str) -> list[UUID]:
        """The ids of a table's rows."""
        return [row["id"] for row in self.rows[table]]

    async def write(self, sql: Connection) -> None:
        """Insert everything, and what follows from it."""
        for table in TABLES:
            for row in self.rows.get(table, ()):
                await insert(sql, table, row)
        await index_products(sql, self.id, self.ids("product"))


def small_shop(word: str, seed: int = 1, products: int = 16) -> SmallShop:
    """Make the rows of a shop; `word` stands in every text of it."""
    random = Random(seed)  # noqa: S311 - the same rows for every run
    shop = SmallShop(new_id(), word)
    shop.rows["shop"] = [
        {
            "id": shop.id, "handle": f"{word}-{shop.id.hex}", "name": f"{word}小铺", "description": "",
            "mode": "SANDBOX", "logo_url": f"https://img.example/{word}.png", "currency_code": "CNY",
            "language": "zh-CN", "seed": 0, "clock_offset_ms": 0, "catalogue_version": 7, **AGES,
        }
    ]  # fmt: skip
    locations = [
        shop.add("location", name=f"{word}{name}", is_default=name == "默认仓库", created_at=NOW - timedelta(days=400))
        for name in ("默认仓库", "二号仓")
    ]
    categories = list(_categories(shop))
    for number in range(products):
        _product(shop, random, number, categories, locations)
    _collections(shop, random)
    for visitors, term in enumerate(("茶", word, f"{word} 衣", f"{word}茶"), 2):
        shop.add("hot_search", term=term, visitors=visitors % 4 + 1, searched_at=NOW)
    _events(shop)
    return shop


def _events(shop: SmallShop) -> None:
    """The second is told, the others are dead letters."""
    for number in range(5):
        ends = {"delivered_at" if number == 1 else "dead_at": NOW}
        shop.add(
            "outbox_event", topic=f"told.{number % 2}", aggregate_id=shop.new_id(), payload="{}", attempts=number + 1,
            next_attempt_at=NOW, last_error="" if number == 1 else shop.word, created_at=NOW, **ends,
        )  # fmt: skip


def _categories(shop: SmallShop) -> Iterator[UUID]:
    """Two trees, three deep, with brothers in one position."""
    for root, children in (("食品", ("茶", "点心")), ("衣物", ("裙",))):
        path = [shop.new_id()]
        yield path[0]
        _category(shop, root, path)
        for child in children:
            middle = [*path, shop.new_id()]
            _category(shop, child, middle)
            yield middle[-1]
            for leaf in ("春", "秋"):
                deep = [*middle, shop.new_id()]
                _category(shop, f"{leaf}{child}", deep)
                yield deep[-1]


def _category(shop: SmallShop, name: str, path: list[UUID]) -> None:
    shop.rows.setdefault("category", []).append(
        {
            "id": path[-1], "shop_id": shop.id, "parent_id": path[-2] if len(path) > 1 else None,
            "handle": f"{shop.word}-{name}", "name": f"{shop.word}{name}", "position": len(name),
            "image_url": f"https://img.example/{shop.word}.jpg" if len(path) == 2 else None, "path": path, **AGES,
        }
    )  # fmt: skip


def _product(shop: SmallShop, random: Random, number: int, categories: list[UUID], locations: list[UUID]) -> None:
    """Most are on sale; 3 is a draft, 5 archived, 7 over, 9 not yet begun."""
    word = shop.word
    published = NOW - timedelta(days=number // 3, microseconds=random.choice((0, 1, 999)))
    window: Row = {"published_at": published, "unpublish_at": NOW + timedelta(days=30) if number == 4 else None}
    if number == 7:
        window["unpublish_at"] = NOW - timedelta(microseconds=1)
    if number == 9:
        window["published_at"] = NOW + timedelta(microseconds=1)
    options = OPTIONS[: number % 3]
    prices = [random.choice((990, 1990, 1990, 2**53 - 1 if number == 12 else 5000)) for _ in range(1 + number % 4)]
    ratings = [random.randint(1, 5) for _ in range(number % 5)]
    product = shop.add(
        "product", handle=f"{word}-{number}", title=f"{word}{random.choice('茶衣Ab😀')}{number % 4}",
        vendor=VENDORS[number % 3], product_type=TYPES[number % 3], tags=[f"{word}", *random.sample(TAGS, number % 3)],
        category_id=random.choice([*categories, None]), description_blocks=_blocks(word, number),
        seo_title=f"{word}\u2028", seo_description="", status={3: "DRAFT", 5: "ARCHIVED"}.get(number, "ACTIVE"),
        **window, origin="IMPORTED" if number % 2 else "OWN", source=f"{word}.csv" if number % 2 else "",
        external_id=f"{word}{number}" if number % 2 else None,
        per_person_limit=2 if number % 5 == 1 else None, per_order_limit=number or None,
        min_price_fen=min(prices), max_price_fen=max(prices), in_stock=number % 4 != 0, variant_count=len(prices),
        image_count=number % 4, rating_sum=sum(ratings), rating_count=len(ratings),
        rating_hundredths=round(100 * sum(ratings) / len(ratings)) if ratings else 0, sales_count=number % 3, version=1,
        created_at=NOW - timedelta(days=50), updated_at=NOW - timedelta(days=number % 4, microseconds=number % 2),
    )  # fmt: skip
    for position, (name, values) in enumerate(options, 1):
        shop.add("product_option", product_id=product, name=name, position=position, values=list(values))
    media = [
        shop.add(
            "media", product_id=product, kind="VIDEO" if index == 2 else "IMAGE", url=_picture(shop, number, index),
            alt=f"{word}", position=1 + index // 2, width=800 if index else None, height=600 if index == 1 else None,
        )
        for index in range(number % 4)
    ]  # fmt: skip
    for index, price in enumerate(prices):
        _variant(
            shop, random, product, index, price, [values[index % 3] for _name, values in options], media, locations
        )
    for rating in ratings:
        _review(shop, random, product, rating)
    for index, visibility in enumerate(("STOREFRONT", "PRIVATE")):
        shop.add(
            "metafield", product_id=product, variant_id=None, namespace="care", key=f"k{index}", type="STRING",
            value=f"{word}{number}", visibility=visibility, updated_at=NOW,
        )  # fmt: skip


def _picture(shop: SmallShop, number: int, index: int) -> str:
    """Of another host, or stored by the shop: some as a film, some said to be and not there."""
    if index != 1:
        return f"https://img.example/{shop.word}/{index}.jpg"
    name = f"{number:032x}.jpg"
    if number != 2:
        shop.add(
            "media_file", name=name, kind="VIDEO" if number == 3 else "IMAGE", content_type="image/jpeg", size_bytes=1,
            width=800, height=600, created_at=NOW,
        )  # fmt: skip
    return f"https://img.example/{shop.word}/media/{shop.id.hex}/{name}"


def _blocks(word: str, number: int) -> str:
    kinds = (
        {"kind": "TEXT", "html": f"<p>{word}<b>好</b> &amp; more</p>", "text": f"{word}好 & more"},
        {"kind": "IMAGE", "html": "<img>", "url": f"https://img.example/{word}.jpg", "alt": ""},
        {"kind": "VIDEO", "html": "<video></video>", "url": f"https://img.example/{word}.mp4"},
        {"kind": "PRODUCT", "html": f'<a href="{word}"></a>', "handle": f"{word}-1"},
    )
    return orjson.dumps([kinds[(number + index) % 4] for index in range(number % 6)]).decode()


def _variant(  # noqa: PLR0913, PLR0917 - a variant hangs from all of these
    shop: SmallShop, random: Random, product: UUID, index: int, price: int, values: list[str], media: list[UUID],
    locations: list[UUID],
) -> None:  # fmt: skip
    tracked, policy = random.choice(((True, "DENY"), (True, "CONTINUE"), (False, "DENY")))
    stock = random.choice((0, 3, 250))
    variant = shop.add(
        "variant", product_id=product, title=" / ".join([*values, f"{shop.word}{index}"]), position=1 + index // 2,
        option_values=[*values, str(index)] if len(values) < 2 else [*values, f"{shop.word}{index}"],
        sku=f"{shop.word}{index}", barcode="", price_fen=price,
        compare_at_price_fen=price + 1 if index and price < 9999 else None, cost_fen=price // 2 if index != 1 else None,
        tracked=tracked, inventory_policy=policy, available=stock,
        requires_shipping=True, weight_grams=100 * index, media_id=media[0] if media and index % 2 else None,
        per_person_limit=index or None, per_order_limit=9 if index == 1 else None, origin="OWN", source="", **AGES,
    )  # fmt: skip
    for days, change in ((40, 50), (7, -500), (6, 100), (2, 0)):
        at = NOW - timedelta(days=days, microseconds=random.choice((0, 0, 1)))
        shop.add(
            "price_history", variant_id=variant, price_fen=price + change, created_at=at,
            compare_at_price_fen=price + 100 if days == 7 else None,
        )  # fmt: skip
    for location in locations[: 1 + index % 2]:
        shop.add(
            "stock_level", variant_id=variant, location_id=location, on_hand=stock, reserved=0,
            may_oversell=not tracked or policy == "CONTINUE", updated_at=NOW,
        )  # fmt: skip
        for delta in (stock, 0):
            shop.add(
                "stock_move", variant_id=variant, location_id=location, delta=delta, on_hand_after=stock,
                reason="RECEIVED", note=shop.word, staff_id=None, created_at=NOW - timedelta(days=3),
            )  # fmt: skip
    if index != 2:
        shop.add(
            "metafield", product_id=None, variant_id=variant, namespace="care", key="k0", type="JSON", value='{"a": 1}',
            visibility="STOREFRONT", updated_at=NOW,
        )  # fmt: skip


def _review(shop: SmallShop, random: Random, product: UUID, rating: int) -> None:
    status = random.choice(("PUBLISHED", "PUBLISHED", "HIDDEN", "PENDING"))
    replied = random.choice((None, NOW - timedelta(days=1)))
    shop.add(
        "review", product_id=product, customer_id=None, author_name=f"{shop.word}**", rating=rating,
        body=f"{shop.word}\n\t'好'", image_urls=[f"https://img.example/{shop.word}.jpg"] * (rating % 3), status=status,
        hidden_reason="广告" if status == "HIDDEN" else "", reply=shop.word if replied else None, replied_at=replied,
        source="", version=1, created_at=NOW - timedelta(days=rating),
    )  # fmt: skip


def _collections(shop: SmallShop, random: Random) -> None:
    """By hand with ties, by rule, one unpublished, one empty."""
    products = shop.ids("product")
    for index, (title, members) in enumerate((("新品", 7), ("规则", 12), ("未发布", 4), ("空", 0), ("同位", 5))):
        rules = [{"field": "TAG", "relation": "EQUALS", "value": shop.word, "weight": 1.50}] if title == "规则" else []
        collection = shop.add(
            "collection", handle=f"{shop.word}-c{index}", title=f"{shop.word}{title}", description="",
            image_url=None if index % 2 else f"https://img.example/{shop.word}.jpg", kind="RULE" if rules else "MANUAL",
            rule_match="ALL", rules=orjson.dumps(rules).decode(), position=index // 2, published=title != "未发布",
            product_count=members, **AGES,
        )  # fmt: skip
        for place, product in enumerate(random.sample(products, members)):
            shop.add("collection_product", collection_id=collection, product_id=product, position=place // 2)
