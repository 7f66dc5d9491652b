"""What can be done with staff: take somebody on, and take their tokens away."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from tortoise.expressions import F

from clock import wall_now
from models.database import transaction
from models.refusal import Refusal, UserErrorCode
from models.staff import Role, Staff

NAME_CHARS_MAX: Final = 120

# One person per name from the command line; the shop's row keeps two commands from making two.
_HOLD_SHOP = "select id from shop where id = $1 for no key update"


async def staff_named(shop_id: UUID, name: str, roles: Collection[Role]) -> Staff:
    """Return the shop's member of staff of this name with exactly these roles, taken on when missing.

    Raises Refusal: BLANK or TOO_LONG for the name, BLANK for no roles, NOT_ALLOWED for somebody made inactive.
    """
    if not name.strip() or not roles:
        field = "roles" if name.strip() else "name"
        raise Refusal(UserErrorCode.BLANK, "请填写姓名和角色", "Staff have a name and at least one role", field)
    if len(name) > NAME_CHARS_MAX:
        raise Refusal(UserErrorCode.TOO_LONG, "姓名过长", f"A name has at most {NAME_CHARS_MAX} characters", "name")
    wanted = sorted(set(roles))
    async with transaction() as sql:
        await sql.execute(_HOLD_SHOP, shop_id)
        staff = await Staff.filter(shop_id=shop_id, name=name).order_by("created_at").first()
        if staff is None:
            return await Staff.create(shop_id=shop_id, name=name, roles=wanted, created_at=wall_now())
        if not staff.active:
            raise Refusal(UserErrorCode.NOT_ALLOWED, "该员工已停用", f"{name} is no longer active", "name")
        if sorted(staff.roles) != wanted:
            await Staff.filter(id=staff.id).update(roles=wanted)
            staff.roles = wanted
    return staff


async def revoke_tokens(shop_id: UUID, staff_id: UUID) -> None:
    """Make every token of a member of staff worthless within a second. Raises Refusal NOT_FOUND."""
    staff = Staff.filter(shop_id=shop_id, id=staff_id)
    if not await staff.update(token_version=F("token_version") + 1):
        raise Refusal(UserErrorCode.NOT_FOUND, "没有这个员工", "There is no such member of staff", "id")
