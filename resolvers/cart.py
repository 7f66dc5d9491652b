"""What people can do with their cart, before and after they log in. Each has one; the first wish for it makes it.

More than is in stock may be put in: that is told beside the line, and refused when an order is placed. Only the owner
reaches a cart: the customer, or while nobody is logged in whoever names the device's id.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from models.database import transaction
from models.failpoint import failpoint
from models.refusal import Refusal, UserErrorCode
from resolvers import cart_sql
from resolvers.caller import Caller
from resolvers.cart_draft import (
    Attributes,
    CartDraft,
    CartLineChange,
    CartLineDraft,
    as_change,
    check_attributes,
    check_changes,
    check_lines,
    check_note,
    unsold,
)
from resolvers.cart_own import Adding, add_lines, take_cart
from resolvers.checks import Checks
from resolvers.idempotency import input_sha256
from resolvers.keep import KEEP, Keep
from resolvers.retried import retried
from resolvers.rows import as_json


@retried
async def cart_create(caller: Caller, draft: CartDraft, key: str) -> UUID:
    """Return the caller's cart, the one they have or a new one, with these lines added.

    Raises Refusals with paths under `input`: as cart_lines_add, TOO_LONG.
    """
    checks = check_lines(draft.lines, "input", "lines")
    told = Checks("input")
    check_note(told, draft.note)
    check_attributes(told, draft.attributes, "attributes")
    checks.refusals += told.refusals
    checks.end()
    adding = Adding("cartCreate", key, input_sha256(draft), None, draft.lines)
    async with transaction() as sql:
        cart_id, is_new = await add_lines(sql, caller, adding)
        if is_new and not isinstance(draft.note, Keep):
            await sql.execute(cart_sql.NOTE, caller.shop_id, cart_id, draft.note)
        if is_new and not isinstance(draft.attributes, Keep):
            await sql.execute(cart_sql.ATTRIBUTES, caller.shop_id, cart_id, as_json(draft.attributes))
    return cart_id


@retried
async def cart_lines_add(caller: Caller, cart_id: UUID | None, lines: Sequence[CartLineDraft], key: str) -> UUID:
    """Put pieces of variants into the caller's cart; the same variant with the same attributes adds up.

    Raises Refusals with paths under `lines`: NOT_FOUND for a variant that is not on sale (variantId) or a cart of
    somebody else (cartId), LIMIT_REACHED above a hundred lines or 9,999 pieces, OUT_OF_RANGE, TOO_LONG.
    """
    check_lines(lines, "lines").end()
    adding = Adding("cartLinesAdd", key, input_sha256([cart_id, list(lines)]), cart_id, lines)
    async with transaction() as sql:
        own = (await add_lines(sql, caller, adding))[0]
        await failpoint("cart.added.before_commit")
    await failpoint("cart.added.after_commit")
    return own


@retried
async def cart_lines_update(caller: Caller, cart_id: UUID | None, changes: Sequence[CartLineChange]) -> UUID:
    """Change lines of the caller's cart: pieces, ticks, another variant, other attributes. All or none.

    Raises Refusals with paths under `lines`: NOT_FOUND (lineId, variantId), DUPLICATE, OUT_OF_RANGE, TOO_LONG.
    """
    check_changes(changes, "lines").end()
    async with transaction() as sql:
        own = await take_cart(sql, caller, cart_id)
        # Lines that stay what they are first, so that one that becomes the same joins them as they are then.
        wrong = []
        for statement, is_same in ((cart_sql.EDIT, True), (cart_sql.CHANGE, False)):
            wished = [as_change(place, one) for place, one in enumerate(changes) if _stays_the_same(one) is is_same]
            if wished:
                wrong += await sql.fetch(statement, caller.shop_id, own, caller.now, as_json(wished))
        checks = Checks("lines")
        for row in sorted(wrong, key=lambda row: int(row["place"])):
            if row["is_found"]:
                unsold(checks, row["place"], "variantId")
            else:
                _no_such_line(checks, row["place"], "lineId")
        checks.end()
    return own


@retried
async def cart_lines_remove(caller: Caller, cart_id: UUID | None, line_ids: Sequence[UUID]) -> UUID:
    """Take lines out of the caller's cart; all must be there. Raises Refusals NOT_FOUND under `lineIds`."""
    async with transaction() as sql:
        own = await take_cart(sql, caller, cart_id)
        found = await sql.fetch(cart_sql.REMOVE, caller.shop_id, own, list(line_ids))
        _require_lines(line_ids, found)
    return own


@retried
async def cart_lines_select(
    caller: Caller, cart_id: UUID | None, line_ids: Sequence[UUID] | None, *, selected: bool
) -> UUID:
    """Tick lines of the caller's cart, or all of them for null, or untick them. Raises NOT_FOUND under `lineIds`."""
    async with transaction() as sql:
        own = await take_cart(sql, caller, cart_id)
        named = None if line_ids is None else list(line_ids)
        found = await sql.fetch(cart_sql.SELECT, caller.shop_id, own, caller.now, selected, named)
        _require_lines(line_ids or (), found)
    return own


@retried
async def cart_buyer_update(
    caller: Caller, cart_id: UUID | None, address_id: UUID | None, region_code: str | None
) -> UUID:
    """Say where freight is estimated for: an address of the customer, or only a region; null for neither.

    Raises Refusal NOT_FOUND (addressId, regionCode), or INVALID for both at once.
    """
    if address_id is not None and region_code is not None:
        zh, en = "地址与地区只能指定一个", "Name an address or a region, not both"
        raise Refusal(UserErrorCode.INVALID, zh, en, "buyer")
    async with transaction() as sql:
        own = await take_cart(sql, caller, cart_id)
        done = await sql.fetchval(cart_sql.BUYER, caller.shop_id, own, caller.viewer_id, address_id, region_code)
        if done is None and address_id is not None:
            raise Refusal(UserErrorCode.NOT_FOUND, "找不到该地址", "No such address", "buyer", "addressId")
        if done is None:
            raise Refusal(UserErrorCode.NOT_FOUND, "找不到该地区", "No such region", "buyer", "regionCode")
    return own


@retried
async def cart_note_update(caller: Caller, cart_id: UUID | None, note: str) -> UUID:
    """Write what the buyer wants to tell the shop. Raises Refusals NOT_FOUND (cartId), TOO_LONG, INVALID."""
    checks = Checks()
    check_note(checks, note)
    checks.end()
    async with transaction() as sql:
        own = await take_cart(sql, caller, cart_id)
        await sql.execute(cart_sql.NOTE, caller.shop_id, own, note)
    return own


@retried
async def cart_attributes_update(caller: Caller, cart_id: UUID | None, attributes: Attributes) -> UUID:
    """Write the cart's attributes anew, all of them. Raises Refusals NOT_FOUND (cartId), BLANK, TOO_LONG, INVALID."""
    checks = Checks()
    check_attributes(checks, attributes, "attributes")
    checks.end()
    async with transaction() as sql:
        own = await take_cart(sql, caller, cart_id)
        await sql.execute(cart_sql.ATTRIBUTES, caller.shop_id, own, as_json(attributes))
    return own


@retried
async def cart_clear(caller: Caller, cart_id: UUID | None, *, only_invalid: bool) -> UUID:
    """Take all lines out, or only those that can no longer be had. Raises Refusal NOT_FOUND (cartId)."""
    async with transaction() as sql:
        own = await take_cart(sql, caller, cart_id)
        if only_invalid:
            await sql.execute(cart_sql.CLEAR_INVALID, caller.shop_id, own, caller.now)
        else:
            await sql.execute(cart_sql.CLEAR, caller.shop_id, own)
    return own


def _require_lines(asked: Sequence[UUID], found: Sequence[Mapping[str, Any]]) -> None:
    """Raise Refusals for lines that are not in the cart."""
    known = {row["id"] for row in found}
    checks = Checks("lineIds")
    for index, line_id in enumerate(asked):
        if line_id not in known:
            _no_such_line(checks, index)
    checks.end()


def _stays_the_same(change: CartLineChange) -> bool:
    return change.variant_id is KEEP and change.attributes is KEEP


def _no_such_line(checks: Checks, *path: str | int) -> None:
    checks.refuse(UserErrorCode.NOT_FOUND, "购物车中没有这一行", "No such line in the cart", *path)
