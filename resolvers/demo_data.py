"""The demo's goods and people: our own, made up, the same for the same seed. The words are in demo_goods.json."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from itertools import product as every
from pathlib import Path
from random import Random
from typing import Any, Final

import orjson

from models.collection import CollectionKind, RuleField, RuleRelation
from models.metafield import MetafieldVisibility
from models.product import ProductStatus
from models.review import ReviewStatus
from resolvers.product_record import ImageRecord, MetafieldRecord, OptionRecord, ProductRecord, VariantRecord
from resolvers.randomness import randomness

GOODS: Final[dict[str, Any]] = orjson.loads(Path(__file__).with_name("demo_goods.json").read_bytes())
SPEC_NAMESPACE: Final = "spec"
# Documentation hosts belong to nobody: a page that shows the demo never calls a stranger.
IMAGE_HOST: Final = "https://img.example.com/demo"

NICKNAMES: Final = (
    "林小满", "陈一诺", "王知夏", "李木木", "张春山", "刘阿青", "赵南星", "周慢慢",
    "吴桂花", "郑半夏", "孙听雨", "马小茶", "朱云朵", "胡八月", "郭小鱼", "何枕书",
    "高山月", "罗豆豆", "梁晚晚", "宋清和", "唐果果", "许知秋", "韩冬至", "冯小暑",
)  # fmt: skip
REPLIES: Final = ("谢谢喜欢，常来坐坐～", "感谢反馈，我们会继续改进。", "收到好评很开心，祝您生活愉快！")
_RATINGS: Final = (5, 4, 3, 2)
_RATING_WEIGHTS: Final = (68, 22, 8, 2)


@dataclass(frozen=True, slots=True)
class DemoCollection:
    """A shelf of the demo: `handles` for one by hand, else one rule (field, relation, value)."""

    handle: str
    title: str
    description: str
    handles: tuple[str, ...] = ()
    rule: tuple[RuleField, RuleRelation, str] | None = None

    @property
    def kind(self) -> CollectionKind:
        """RULE when it fills itself."""
        return CollectionKind.RULE if self.rule else CollectionKind.MANUAL


COLLECTIONS: Final = (
    DemoCollection("new", "新品上架", "这一季刚到的", rule=(RuleField.TAG, RuleRelation.EQUALS, "新品")),
    DemoCollection("hot", "热卖榜", "大家都在买", rule=(RuleField.TAG, RuleRelation.EQUALS, "热卖")),
    DemoCollection(
        "under-50", "五十元好物", "小价格，好心情", rule=(RuleField.MIN_PRICE, RuleRelation.LESS_THAN, "5000")
    ),
    DemoCollection("gifts", "送礼清单", "不出错的心意", rule=(RuleField.TAG, RuleRelation.EQUALS, "礼物")),
    DemoCollection(
        "owner-picks",
        "店长推荐",
        "店长自己也在用",
        handles=("old-white-tea", "ru-kiln-teacup", "washed-cotton-bedding", "dot-grid-notebook", "sandalwood-incense"),
    ),
    DemoCollection(
        "tea-time",
        "喝茶配点心",
        "一壶茶，两块糕",
        handles=("longjing-mingqian", "celadon-gaiwan", "osmanthus-chestnut-cake", "hickory-kernels", "mung-bean-cake"),
    ),
)


@dataclass(frozen=True, slots=True)
class DemoReview:
    """A review by the nth made-up customer; `reply` and `hidden_reason` may be empty."""

    handle: str
    customer: int
    rating: int
    body: str
    image_urls: tuple[str, ...]
    status: ReviewStatus
    hidden_reason: str
    reply: str
    created_at: datetime


def demo_products(seed: int, now: datetime) -> list[ProductRecord]:
    """Return the demo's products as the write path takes them: stock and dates follow the seed."""
    goods = GOODS["products"]
    return [_product(goods, place, seed, now) for place in range(len(goods))]


def _product(goods: Sequence[dict[str, Any]], place: int, seed: int, now: datetime) -> ProductRecord:
    one = goods[place]
    chance = randomness(seed, f"demo:{one['handle']}")
    colours: list[str] = next(iter(one["options"].values()), [])
    extra = [f"{one['handle']}-{number}" for number in range(1, 4 + place % 3)]
    return ProductRecord(
        row=place + 1,
        handle=one["handle"],
        title=one["title"],
        variants=_variants(one, chance),
        options=tuple(OptionRecord(name, tuple(values)) for name, values in one["options"].items()),
        images=(
            *(ImageRecord(f"{IMAGE_HOST}/{name}.jpg", one["title"]) for name in extra),
            *(
                ImageRecord(_colour_url(one["handle"], n), f"{one['title']} {colour}")
                for n, colour in enumerate(colours)
            ),
        ),
        description_html=_description(goods, place),
        vendor=one["vendor"],
        category=tuple(one["category"]),
        product_type=one["category"][-1],
        tags=tuple(one["tags"]),
        status=ProductStatus(one.get("status", "ACTIVE")),
        seo_title=f"{one['title']} - 小铺",
        seo_description=one["lead"],
        metafields=tuple(
            MetafieldRecord(SPEC_NAMESPACE, name, value, MetafieldVisibility.STOREFRONT)
            for name, value in one["specs"].items()
        ),
        created_at=now - timedelta(days=2 * (len(goods) - place), minutes=chance.randrange(600)),
    )


def _colour_url(handle: str, number: int) -> str:
    return f"{IMAGE_HOST}/{handle}-c{number + 1}.jpg"


def _variants(one: dict[str, Any], chance: Random) -> tuple[VariantRecord, ...]:
    """Prices go along the last option; a variant shows the picture of its first option's value."""
    values = list(one["options"].values())
    variants = []
    for number, chosen in enumerate(every(*values)):
        along = values[-1].index(chosen[-1]) if len(one["prices"]) > 1 else 0
        price, was = _fen(one["prices"][along]), _fen(one["was"][along]) if one["was"] else None
        gone = one.get("sold_out", False) or (one.get("some_out", False) and number == 0)
        variants.append(
            VariantRecord(
                row=0,
                option_values=chosen,
                price_fen=price,
                compare_at_price_fen=was,
                cost_fen=price * chance.randrange(45, 66) // 100,
                sku=f"XP-{one['handle'].upper()}-{number + 1:02}",
                barcode=f"69{chance.randrange(10**11):011}",
                tracked=not one.get("untracked", False),
                quantity=0 if gone else chance.randrange(3, 180),
                weight_grams=chance.randrange(10, 300) * 10,
                image_url=_colour_url(one["handle"], values[0].index(chosen[0])) if chosen else "",
            )
        )
    return tuple(variants)


def _fen(yuan: str) -> int:
    whole, _, cents = yuan.partition(".")
    return int(whole) * 100 + int(cents)


def _description(goods: Sequence[dict[str, Any]], place: int) -> str:
    """A lead, a list of facts, a picture, and a card of the next product."""
    one, neighbour = goods[place], goods[(place + 1) % len(goods)]
    facts = "".join(f"<li>{escape(name)}：{escape(value)}</li>" for name, value in one["specs"].items())
    return (
        f"<p>{escape(one['lead'])}</p><ul>{facts}</ul>"
        f'<p><img src="{IMAGE_HOST}/{one["handle"]}-detail.jpg" alt="{escape(one["title"])}"></p>'
        f"<p>天然材料，每一批颜色会有细微差别。七天无理由退换。</p>"
        f'<a data-product="{neighbour["handle"]}"></a>'
    )


def demo_reviews(seed: int, products: Sequence[ProductRecord], now: datetime) -> list[DemoReview]:
    """Return about 150 reviews of the products that are or were on sale; most published, some waiting, two hidden."""
    chance = randomness(seed, "demo:reviews")
    reviews: list[DemoReview] = []
    for record in products:
        if record.status is not ProductStatus.DRAFT:
            words = GOODS["reviews"][record.category[0]]
            reviews += [_review(record, words, chance, now) for _ in range(chance.choice((0, 2, 3, 4, 4, 5, 7)))]
    return reviews


def _review(record: ProductRecord, words: Sequence[str], chance: Random, now: datetime) -> DemoReview:
    made_at = record.created_at or now
    rating = chance.choices(_RATINGS, _RATING_WEIGHTS)[0]
    status = chance.choices((ReviewStatus.PUBLISHED, ReviewStatus.PENDING, ReviewStatus.HIDDEN), (93, 5, 2))[0]
    pictures = range(1, 1 + chance.choice((0, 0, 0, 1, 2)))
    return DemoReview(
        handle=record.handle,
        customer=chance.randrange(len(NICKNAMES)),
        rating=rating,
        body=chance.choice(words),
        image_urls=tuple(f"{IMAGE_HOST}/review-{record.handle}-{chance.randrange(90)}-{n}.jpg" for n in pictures),
        status=status,
        hidden_reason="含有广告" if status is ReviewStatus.HIDDEN else "",
        reply=chance.choice(("", "", *REPLIES)) if status is ReviewStatus.PUBLISHED else "",
        created_at=made_at + (now - made_at) * chance.random(),
    )
