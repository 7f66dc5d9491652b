"""What staff can do with group-buys: prepare one, publish it, change what may change then, and end it.

Teams keep the terms they were started with: whatever is changed here holds for those that start afterwards.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from ids import new_id
from models.campaign import NEXT_OFFER_STATUS, OfferKind, OfferStatus
from models.database import Connection, transaction
from models.group_buy import GroupBuy, GroupBuyVariant, JoinBy, LatePayment, LeaderAdvantage
from models.refusal import Refusal, UserErrorCode
from resolvers.caller import Caller
from resolvers.catalogue import open_catalogue
from resolvers.checks import Checks, require_version
from resolvers.group_buy_draft import GroupBuyDraft, GroupBuyVariantDraft, check_group_buy
from resolvers.group_buy_fit import require_fit, require_publishable
from resolvers.idempotency import once
from resolvers.keep import KEEP, Keep, given, merged
from resolvers.offer_window import COUNT_CHANGE, tell_offers, window_columns
from resolvers.retried import retried
from resolvers.rows import save_rows

# Unique (shop_id, id).
_STANDING = "select * from group_buy where shop_id = $1 and id = $2"
# Unique (shop_id, group_buy_id, variant_id). Held in the order of ids, as placing takes them: what is taken stands.
_VARIANTS = "select * from group_buy_variant where shop_id = $1 and group_buy_id = $2 order by id for no key update"
_FORGET = "delete from group_buy_variant where shop_id = $1 and group_buy_id = $2 and variant_id <> all($3::uuid[])"
_NO_LEADERS = "update group_buy_variant set leader_price_fen = null where shop_id = $1 and group_buy_id = $2"

_NEEDED: Final = {
    "product_id": "productId", "title": "title", "starts_at": "startsAt", "ends_at": "endsAt",
    "tier_sizes": "tierSizes", "variants": "variants", "team_hours": "teamHours",
}  # fmt: skip
"""What a new one must say, and how the input calls it."""

_DEFAULTS: Final[dict[str, Any]] = {
    "product_id": None,
    "title": "",
    "starts_at": None,
    "ends_at": None,
    "tier_sizes": [],
    "team_hours": None,
    "per_person_limit": None,
    "per_order_limit": None,
    "leader_advantage": LeaderAdvantage.NONE,
    "new_customers_only": False,
    "join_by": JoinBy.LIST,
    "late_payment": LatePayment.REFUND,
    "virtual_fill_percent": None,
}
_COLUMNS: Final = (*_DEFAULTS, "max_size", "status", "announced", "next_edge_at", "version", "updated_at")
_VARIANT_COLUMNS: Final = ("tier_prices_fen", "leader_price_fen", "stock")


async def group_buy_create(caller: Caller, draft: GroupBuyDraft, key: str) -> UUID:
    """Prepare a group-buy; nobody sees it until it is published. Raises Refusals with paths under `input`."""
    checks = Checks("input")
    for field, name in _NEEDED.items():
        checks.required(getattr(draft, field), name)
    checks.end()
    check_group_buy(draft)

    async def create(sql: Connection) -> UUID:
        await open_catalogue(sql, caller.shop_id)
        return await _save(sql, caller, draft, None)

    return UUID(await once(caller, "groupBuyCreate", key, draft, create))


@retried
async def group_buy_update(caller: Caller, group_buy_id: UUID, draft: GroupBuyDraft) -> UUID:
    """Change a group-buy; raises NOT_FOUND, CONFLICT, NOT_ALLOWED for one that has ended, and what does not fit."""
    check_group_buy(draft)
    async with transaction() as sql:
        await open_catalogue(sql, caller.shop_id)
        stored = await _standing(sql, caller, group_buy_id)
        require_version(draft.version, stored["version"], "input", "version")
        if stored["status"] == OfferStatus.ENDED:
            raise Refusal(UserErrorCode.NOT_ALLOWED, "拼团已结束", "The group-buy has ended", "id")
        return await _save(sql, caller, draft, stored)


@retried
async def group_buy_publish(caller: Caller, group_buy_id: UUID, version: int | None = None) -> UUID:
    """Put a group-buy on show for its window. One that is published already stays so.

    Raises NOT_FOUND, CONFLICT; NOT_ALLOWED for one that has ended or whose window is over, without variants, or dearer
    than its variants; TAKEN while another of the same product is published for some of the same time.
    """
    return await _move(caller, group_buy_id, OfferStatus.PUBLISHED, version)


@retried
async def group_buy_end(caller: Caller, group_buy_id: UUID, version: int | None = None) -> UUID:
    """End a group-buy for good: no team starts any more, and those under way go on to their own end.

    One that has ended already stays so. Raises NOT_FOUND, CONFLICT.
    """
    return await _move(caller, group_buy_id, OfferStatus.ENDED, version)


async def _move(caller: Caller, group_buy_id: UUID, status: OfferStatus, version: int | None) -> UUID:
    async with transaction() as sql:
        await open_catalogue(sql, caller.shop_id)
        stored = await _standing(sql, caller, group_buy_id)
        if stored["status"] == status:
            return group_buy_id
        require_version(version, stored["version"])
        if status not in NEXT_OFFER_STATUS[OfferStatus(stored["status"])]:
            raise Refusal(UserErrorCode.NOT_ALLOWED, "拼团已结束", "The group-buy has ended", "id")
        if status is OfferStatus.PUBLISHED:
            variants = await sql.fetch(_VARIANTS, caller.shop_id, group_buy_id)
            await require_publishable(sql, caller.now, stored, variants)
        await _write(sql, caller, {**stored, "status": status}, stored)
    return group_buy_id


async def _save(sql: Connection, caller: Caller, draft: GroupBuyDraft, stored: Mapping[str, Any] | None) -> UUID:
    group_buy_id: UUID = stored["id"] if stored else new_id()
    variants = await sql.fetch(_VARIANTS, caller.shop_id, group_buy_id) if stored else []
    row = {
        **merged(draft, _DEFAULTS, stored),
        "id": group_buy_id,
        "shop_id": caller.shop_id,
        "max_size": _max_size(draft, stored),
        "status": stored["status"] if stored else OfferStatus.DRAFT,
        "created_at": stored["created_at"] if stored else caller.now,
    }
    await require_fit(sql, row, draft, stored, variants)
    await _write(sql, caller, row, stored)
    if not isinstance(draft.variants, Keep):
        rows = list(_variant_rows(row, draft.variants, variants))
        await sql.execute(_FORGET, caller.shop_id, group_buy_id, [one["variant_id"] for one in rows])
        await save_rows(sql, GroupBuyVariant, _VARIANT_COLUMNS, rows)
    elif row["leader_advantage"] != LeaderAdvantage.PRICE:
        await sql.execute(_NO_LEADERS, caller.shop_id, group_buy_id)
    return group_buy_id


def _max_size(draft: GroupBuyDraft, stored: Mapping[str, Any] | None) -> int:
    """Return the most of a team: as given, else the last of sizes that are new, else as stored."""
    if draft.max_size is not None:
        return draft.max_size
    if stored is None or draft.tier_sizes not in (KEEP, stored["tier_sizes"]):
        return given(draft.tier_sizes, ())[-1]
    kept: int = stored["max_size"]
    return kept


def _variant_rows(
    row: Mapping[str, Any], drafts: Sequence[GroupBuyVariantDraft], variants: Sequence[Mapping[str, Any]]
) -> Iterable[dict[str, Any]]:
    ids = {one["variant_id"]: one["id"] for one in variants}
    for one in drafts:
        yield {
            "id": ids.get(one.variant_id) or new_id(),
            "shop_id": row["shop_id"],
            "group_buy_id": row["id"],
            "variant_id": one.variant_id,
            "tier_prices_fen": list(one.prices_fen),
            "leader_price_fen": one.leader_price_fen,
            "stock": one.stock,
            "taken": 0,
        }


async def _write(sql: Connection, caller: Caller, row: Mapping[str, Any], stored: Mapping[str, Any] | None) -> None:
    """Write the offer's row and tell of it; what the public saw or will see makes cached answers old."""
    status = OfferStatus(row["status"])
    written = {
        **row,
        **window_columns(status, row["starts_at"], row["ends_at"], caller.now),
        "version": stored["version"] + 1 if stored else 1,
        "updated_at": caller.now,
    }
    await save_rows(sql, GroupBuy, _COLUMNS, [written])
    await tell_offers(sql, caller.shop_id, OfferKind.GROUP_BUY, {row["id"]: written})
    if status is OfferStatus.PUBLISHED or (stored and stored["status"] == OfferStatus.PUBLISHED):
        await sql.execute(COUNT_CHANGE, caller.shop_id)


async def _standing(sql: Connection, caller: Caller, group_buy_id: UUID) -> Mapping[str, Any]:
    stored: Mapping[str, Any] | None = await sql.fetchrow(_STANDING, caller.shop_id, group_buy_id)
    if stored is None:
        raise Refusal(UserErrorCode.NOT_FOUND, "找不到该拼团", "No such group-buy", "id")
    return stored
