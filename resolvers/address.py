"""What customers can do with their address book: write an address, change it, strike it out, say which is the default.

Whoever writes holds the customer's row first, so that of several wishes at once each finds what the one before left:
exactly one default, and never more than fifty.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from ids import new_id
from models.database import Connection, transaction
from models.refusal import LimitRefusal, Refusal, Refusals, UserErrorCode
from resolvers.address_draft import AddressDraft, check_address, drafted_recipient
from resolvers.caller import Caller
from resolvers.checks import require_version
from resolvers.customer import required_customer
from resolvers.freight import RegionPath
from resolvers.idempotency import once
from resolvers.keep import given
from resolvers.region import NamedRegion, region_of_codes, region_of_names
from resolvers.retried import retried

ADDRESSES_MAX: Final = 50

# By primary key, through a merge that a rival may just have made.
_HOLD = """
select id from customer
where shop_id = $1 and id = (select coalesce(merged_into, id) from customer where shop_id = $1 and id = $2)
for no key update
"""
# Index (shop_id, customer_id, id); a statement of its own, so that it sees what the rival committed.
_BOOK = "select count(*) as count from address where shop_id = $1 and customer_id = $2"
_STANDING = "select * from address where shop_id = $1 and customer_id = $2 and id = $3"
# Two statements: the unique index on defaults is checked row by row.
_NO_DEFAULT = "update address set is_default = false where shop_id = $1 and customer_id = $2 and is_default"
_DEFAULT = "update address set is_default = true where shop_id = $1 and customer_id = $2 and id = $3"
# Carts before addresses, as whoever names an address in a cart.
_LET_GO = "update cart set address_id = null where shop_id = $1 and address_id = $2"
_DELETE = "delete from address where shop_id = $1 and customer_id = $2 and id = $3 returning is_default"
_PROMOTE = """
update address set is_default = true where shop_id = $1 and id = (
    select id from address where shop_id = $1 and customer_id = $2 order by id desc limit 1
)
"""
_SAVE = """
insert into address as stored (id, shop_id, customer_id, recipient_sealed, name_masked, phone_masked, province_code,
    city_code, district_code, province_name, city_name, district_name, postcode, tag, is_default, version, created_at,
    updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 1, $16, $16)
on conflict (id) do update set recipient_sealed = $4, name_masked = $5, phone_masked = $6, province_code = $7,
    city_code = $8, district_code = $9, province_name = $10, city_name = $11, district_name = $12, postcode = $13,
    tag = $14, is_default = $15, version = stored.version + 1, updated_at = $16
where stored.shop_id = $2 and stored.customer_id = $3
"""
# Unique (shop_id, id).
_DELIVERY = """
select recipient_sealed, name_masked, phone_masked, province_code, city_code, district_code, province_name, city_name,
    district_name, postcode
from address where shop_id = $1 and customer_id = $2 and id = $3
"""


@dataclass(frozen=True, slots=True)
class DeliveryAddress:
    """An address as a delivery keeps it. The sealed recipient may be copied as it is; see address_draft."""

    recipient_sealed: bytes = field(repr=False)
    name_masked: str
    phone_masked: str
    region: RegionPath
    region_text: str
    postcode: str

    @property
    def region_code(self) -> str:
        """The district's, or the smallest one there is."""
        return self.region.district or self.region.city or self.region.province


async def address_create(caller: Caller, draft: AddressDraft, key: str) -> UUID:
    """Write an address; the first of a customer is the default.

    Raises Refusals with paths under `input`: LOGIN_REQUIRED, NOT_FOUND or INVALID for the region, LIMIT_REACHED above
    fifty, and the usual ones for texts.
    """
    customer_id = required_customer(caller)
    check_address(draft, new=True)

    async def create(sql: Connection) -> UUID:
        held: UUID = await sql.fetchval(_HOLD, caller.shop_id, customer_id)
        used: int = await sql.fetchval(_BOOK, caller.shop_id, held)
        if used >= ADDRESSES_MAX:
            zh, en = f"最多保存 {ADDRESSES_MAX} 个地址", f"At most {ADDRESSES_MAX} addresses"
            raise LimitRefusal(zh, en, limit=ADDRESSES_MAX, used=used)
        return await _save(sql, caller, held, draft, None, is_default=draft.make_default or not used)

    return UUID(await once(caller, "addressCreate", key, draft, create))


@retried
async def address_update(caller: Caller, address_id: UUID, draft: AddressDraft) -> UUID:
    """Change an address. Raises LOGIN_REQUIRED, NOT_FOUND, CONFLICT, and as for a new one."""
    customer_id = required_customer(caller)
    check_address(draft, new=False)
    async with transaction() as sql:
        held: UUID = await sql.fetchval(_HOLD, caller.shop_id, customer_id)
        stored = await sql.fetchrow(_STANDING, caller.shop_id, held, address_id)
        if stored is None:
            raise _no_such_address()
        require_version(draft.version, stored["version"], "input", "version")
        return await _save(sql, caller, held, draft, stored, is_default=draft.make_default or stored["is_default"])


@retried
async def address_delete(caller: Caller, address_id: UUID) -> UUID:
    """Strike an address out; when it was the default, the one written last becomes it. Orders keep what they had."""
    customer_id = required_customer(caller)
    async with transaction() as sql:
        held: UUID = await sql.fetchval(_HOLD, caller.shop_id, customer_id)
        await sql.execute(_LET_GO, caller.shop_id, address_id)
        was_default = await sql.fetchval(_DELETE, caller.shop_id, held, address_id)
        if was_default is None:
            raise _no_such_address()
        if was_default:
            await sql.execute(_PROMOTE, caller.shop_id, held)
    return address_id


@retried
async def address_set_default(caller: Caller, address_id: UUID) -> UUID:
    """Make an address the default instead of the one that is. Raises LOGIN_REQUIRED or NOT_FOUND."""
    customer_id = required_customer(caller)
    async with transaction() as sql:
        held: UUID = await sql.fetchval(_HOLD, caller.shop_id, customer_id)
        await sql.execute(_NO_DEFAULT, caller.shop_id, held)
        done: str = await sql.execute(_DEFAULT, caller.shop_id, held, address_id)
        if done != "UPDATE 1":
            raise _no_such_address()
    return address_id


async def delivery_address(
    sql: Connection, shop_id: UUID, customer_id: UUID, address_id: UUID
) -> DeliveryAddress | None:
    """Return a customer's address for a delivery, in one statement; None when they have no such address."""
    row = await sql.fetchrow(_DELIVERY, shop_id, customer_id, address_id)
    if row is None:
        return None
    return DeliveryAddress(
        bytes(row["recipient_sealed"]), row["name_masked"], row["phone_masked"],
        RegionPath(row["province_code"], row["city_code"], row["district_code"]),
        " ".join(dict.fromkeys(filter(None, (row[f"{part}_name"] for part in ("province", "city", "district"))))),
        row["postcode"],
    )  # fmt: skip


async def _save(  # noqa: PLR0913 - what is held, what is wished, what stands
    sql: Connection, caller: Caller, customer_id: UUID, draft: AddressDraft, stored: Mapping[str, Any] | None,
    *, is_default: bool,
) -> UUID:  # fmt: skip
    region = await _region(sql, draft)
    recipient = drafted_recipient(draft, stored)
    address_id: UUID = stored["id"] if stored else new_id()
    before: Mapping[str, Any] = stored or {"postcode": "", "tag": ""}
    place = (
        (*_codes(region.path), region.province_name, region.city_name, region.district_name)
        if region is not None
        else tuple(before[column] for column in _PLACE)
    )
    if draft.make_default:
        await sql.execute(_NO_DEFAULT, caller.shop_id, customer_id)
    await sql.execute(
        _SAVE, address_id, caller.shop_id, customer_id, recipient.sealed(), recipient.name_masked,
        recipient.phone_masked, *place, given(draft.postcode, before["postcode"]), given(draft.tag, before["tag"]),
        is_default, caller.now,
    )  # fmt: skip
    return address_id


_PLACE: Final = ("province_code", "city_code", "district_code", "province_name", "city_name", "district_name")


def _codes(path: RegionPath) -> tuple[str, str | None, str | None]:
    return path.province, path.city, path.district


async def _region(sql: Connection, draft: AddressDraft) -> NamedRegion | None:
    """The place that is asked for; None when it stays."""
    try:
        if draft.codes is not None:
            under = "region"
            return await region_of_codes(sql, draft.codes)
        if draft.wechat is not None:
            under = "wechatRegion"
            return await region_of_names(sql, draft.wechat)
    except Refusals as refused:
        raise Refusals([refusal.under("input", under) for refusal in refused.refusals]) from None
    return None


def _no_such_address() -> Refusal:
    return Refusal(UserErrorCode.NOT_FOUND, "找不到该地址", "No such address", *("id",))
