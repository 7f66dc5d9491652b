"""Whether a group-buy's terms fit together, its product, and what has been promised already."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from models.campaign import OfferStatus
from models.database import Connection
from models.group_buy import LeaderAdvantage
from models.refusal import Refusal, StockRefusal, UserErrorCode
from resolvers.checks import Checks
from resolvers.group_buy_draft import GroupBuyDraft, GroupBuyVariantDraft
from resolvers.keep import Keep

Row = Mapping[str, Any]

# Unique (shop_id, id), index (shop_id, product_id, ..).
_PRODUCT = "select exists (select from product where shop_id = $1 and id = $2)"
_PRICES = "select id, title, price_fen from variant where shop_id = $1 and product_id = $2"
# Index (shop_id, product_id): a product has a handful of group-buys. The shop's row is held, so no rival publishes.
_RIVAL = """
select title from group_buy
where shop_id = $1 and product_id = $2 and id <> $3 and status = 'PUBLISHED' and starts_at < $5 and ends_at > $4
order by starts_at limit 1
"""

_FROZEN: Final = (("product_id", "productId"), ("tier_sizes", "tierSizes"), ("max_size", "maxSize"))
"""Columns that stay once a group-buy is published, and how the input calls them."""


async def require_fit(
    sql: Connection, row: Row, draft: GroupBuyDraft, stored: Row | None, variants: Sequence[Row]
) -> None:
    """Raise Refusals under `input` with what does not fit in `row`, the group-buy as it would be.

    `variants` are those it has, held until the end. NOT_FOUND for a product, or a variant that is not of it; INVALID
    for prices that are not one for each tier; OUT_OF_RANGE for sizes, prices and windows; NOT_ALLOWED for what stays
    once it is published; StockRefusal below what is taken; TAKEN while another is published for the product.
    """
    checks = Checks("input")
    _check_shape(checks, row)
    if stored is not None and stored["status"] == OfferStatus.PUBLISHED:
        for column, name in _FROZEN:
            if row[column] != stored[column]:
                checks.refuse(UserErrorCode.NOT_ALLOWED, "发布后不能修改", "Stays as it is once it is published", name)
    if not await sql.fetchval(_PRODUCT, row["shop_id"], row["product_id"]):
        checks.refuse(UserErrorCode.NOT_FOUND, "找不到该商品", "No such product", "productId")
    else:
        prices = {found["id"]: found["price_fen"] for found in await _prices(sql, row)}
        if isinstance(draft.variants, Keep):
            _check_kept(checks, row, variants, prices)
        else:
            _check_given(checks, row, draft.variants, prices)
            _check_taken(checks, row, draft.variants, variants)
    if row["status"] == OfferStatus.PUBLISHED and (rival := await find_rival(sql, row)):
        checks.add([rival], "startsAt")
    checks.end()


async def require_publishable(sql: Connection, now: datetime, row: Row, variants: Sequence[Row]) -> None:
    """Raise Refusals at `id` when a group-buy cannot go on show as it is: variants may cost less by now."""
    checks = Checks("id")
    if row["ends_at"] <= now:
        checks.refuse(UserErrorCode.NOT_ALLOWED, "活动时间已过", "Its window is over: move its end first")
    if not variants:
        checks.refuse(UserErrorCode.NOT_ALLOWED, "没有参加拼团的规格", "None of its variants is left")
    named = {found["id"]: found for found in await _prices(sql, row)}
    for variant in variants:
        found = named[variant["variant_id"]]
        if variant["tier_prices_fen"][0] > found["price_fen"]:
            zh, en = f"「{found['title']}」的拼团价高于售价", f"{found['title']!r} costs less without a team"
            checks.refuse(UserErrorCode.NOT_ALLOWED, zh, en)
    if rival := await find_rival(sql, row):
        checks.add([rival])
    checks.end()


async def find_rival(sql: Connection, row: Row) -> Refusal | None:
    """Return TAKEN when another group-buy of the product is published for some of the same time."""
    window = row["starts_at"], row["ends_at"]
    rival = await sql.fetchval(_RIVAL, row["shop_id"], row["product_id"], row["id"], *window)
    if rival is None:
        return None
    zh, en = f"该商品同期已有拼团「{rival}」", f"At that time the product is in the group-buy {rival!r} already"
    return Refusal(UserErrorCode.TAKEN, zh, en)


async def _prices(sql: Connection, row: Row) -> list[Row]:
    return list(await sql.fetch(_PRICES, row["shop_id"], row["product_id"]))


def _check_shape(checks: Checks, row: Row) -> None:
    sizes, most = row["tier_sizes"], row["max_size"]
    if row["ends_at"] <= row["starts_at"]:
        checks.refuse(UserErrorCode.OUT_OF_RANGE, "须晚于开始时间", "Must be later than the start", "endsAt")
    if len(sizes) == 1 and most != sizes[0]:
        checks.refuse(UserErrorCode.OUT_OF_RANGE, "单一人数时须与之相同", "With one size it is the same", "maxSize")
    elif most < sizes[-1]:
        checks.refuse(UserErrorCode.OUT_OF_RANGE, "不得小于最后一档", "Must not be below the last tier", "maxSize")


def _check_kept(checks: Checks, row: Row, variants: Sequence[Row], prices: Mapping[UUID, int]) -> None:
    """What was stored must go on to fit what is given beside it."""
    if any(one["variant_id"] not in prices for one in variants):
        checks.refuse(UserErrorCode.INVALID, "请填写该商品的规格", "Give the variants of that product", "variants")
    elif any(len(one["tier_prices_fen"]) != len(row["tier_sizes"]) for one in variants):
        checks.refuse(UserErrorCode.INVALID, "每档一个价格", "One price for each tier", "variants")
    elif _leaders_pay_apart(row) and any(one["leader_price_fen"] is None for one in variants):
        checks.refuse(UserErrorCode.BLANK, "请填写团长价", "Leaders have a price: give it", "variants")


def _check_given(
    checks: Checks, row: Row, variants: Sequence[GroupBuyVariantDraft], prices: Mapping[UUID, int]
) -> None:
    for index, one in enumerate(variants):
        at = ("variants", index)
        price = prices.get(one.variant_id)
        if price is None:
            checks.refuse(UserErrorCode.NOT_FOUND, "找不到该规格", "No such variant of the product", *at, "variantId")
            continue
        if len(one.prices_fen) != len(row["tier_sizes"]):
            checks.refuse(UserErrorCode.INVALID, "每档一个价格", "One price for each tier", *at, "prices")
            continue
        if one.prices_fen[0] > price:
            checks.refuse(
                UserErrorCode.OUT_OF_RANGE, "不得高于售价", "Must not be above the variant's price", *at, "prices", 0
            )
        if _leaders_pay_apart(row):
            checks.required(one.leader_price_fen, *at, "leaderPrice")
        elif one.leader_price_fen is not None:
            checks.refuse(
                UserErrorCode.INVALID, "团长没有单独的价格", "Leaders have no price of their own", *at, "leaderPrice"
            )
        if one.leader_price_fen is not None and one.leader_price_fen > one.prices_fen[0]:
            checks.refuse(
                UserErrorCode.OUT_OF_RANGE, "不得高于拼团价", "Must not be above the first price", *at, "leaderPrice"
            )


def _check_taken(checks: Checks, row: Row, given: Sequence[GroupBuyVariantDraft], variants: Sequence[Row]) -> None:
    """What is spoken for stays so; what was published stays to be had, until its own stock is taken."""
    stands = {one["variant_id"]: one for one in variants}
    if row["status"] == OfferStatus.PUBLISHED and not stands.keys() <= {one.variant_id for one in given}:
        zh, en = (
            "发布后不能移除规格，可将其库存设为已占用数量",
            "No variant goes once published: set its stock to what is taken",
        )
        checks.refuse(UserErrorCode.NOT_ALLOWED, zh, en, "variants")
    for index, one in enumerate(given):
        stood = stands.get(one.variant_id)
        if stood is None or one.stock is None or one.stock >= stood["taken"]:
            continue
        taken = stood["taken"]
        zh, en = f"已被占用 {taken} 件，库存不能更少", f"{taken} are taken; stock cannot be less"
        left = 0 if stood["stock"] is None else stood["stock"] - taken
        checks.add([StockRefusal(zh, en, available=max(left, 0))], "variants", index, "stock")


def _leaders_pay_apart(row: Row) -> bool:
    return bool(row["leader_advantage"] == LeaderAdvantage.PRICE)
