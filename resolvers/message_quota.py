"""How many messages a customer agreed to: counted up by what their page says, down by what is sent.

The page is believed, up to a point: one that says too much only has WeChat refuse a message (43101).
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from clock import wall_now
from ids import new_id
from models.database import Connection, pool
from models.refusal import Refusal, Refusals, UserErrorCode
from resolvers.caller import Caller
from resolvers.checks import Checks
from resolvers.customer import required_customer
from resolvers.idempotency import once
from resolvers.wechat_exchange import mini_program_of

TEMPLATES_MAX: Final = 5
"""As many as `wx.requestSubscribeMessage` asks for at once."""

REMAINING_MAX: Final = 100

# Index (shop_id, customer_id); the account they used last, where they have two.
_PERSON: Final = """
select id from identity where shop_id = $1 and customer_id = $2 and appid = $3 order by seen_at desc, id limit 1
"""
# A shop has a handful for each app.
_TEMPLATES: Final = """
select id, template_id from message_template
where shop_id = $1 and app_id = $2 and active and template_id = any($3::text[]) order by event
"""
# Unique (shop_id, identity_id, template_id), written in its order.
_AGREE: Final = f"""
insert into message_quota as stored (id, shop_id, identity_id, template_id, remaining, updated_at)
select given.id, $1, $2, given.template_id, 1, $5
from unnest($3::uuid[], $4::text[]) given(id, template_id) order by given.template_id
on conflict (shop_id, identity_id, template_id) do update
set remaining = least(stored.remaining + 1, {REMAINING_MAX}), updated_at = excluded.updated_at
"""  # noqa: S608 - fixed words

# One of the quota is set aside for a message that has none yet, and it is written down that WeChat is being asked:
# one statement, so that of two messages one gets it, and whoever comes after a crash knows.
_TAKE: Final = """
with taken as (
    update message_quota quota set remaining = remaining - 1, updated_at = $5
    where quota.shop_id = $1 and quota.identity_id = $2 and quota.template_id = $3 and quota.remaining > 0
      and exists (select from message where shop_id = $1 and id = $4 and not holds_quota)
    returning 1
)
update message set holds_quota = true, may_have_arrived = true
where shop_id = $1 and id = $4 and state = 'WAITING' and (holds_quota or exists (select from taken))
returning id
"""
_GIVE_BACK: Final = f"""
update message_quota set remaining = least(remaining + 1, {REMAINING_MAX}), updated_at = $4
where shop_id = $1 and identity_id = $2 and template_id = $3
"""  # noqa: S608 - fixed words
_USED_UP: Final = """
update message_quota set remaining = 0, updated_at = $4 where shop_id = $1 and identity_id = $2 and template_id = $3
"""


async def message_opt_in_record(
    caller: Caller, template_ids: Sequence[str], accepted: Sequence[str], key: str
) -> list[UUID]:
    """Count what a customer answered when their page asked for messages; returns the templates asked for, of events.

    Raises Refusals: LOGIN_REQUIRED, NOT_ALLOWED outside of a mini-program, TOO_LONG, BLANK or DUPLICATE for the list,
    NOT_FOUND for a template that the app does not use, INVALID for one accepted that was not asked for.
    """
    customer_id = required_customer(caller)
    _check(template_ids, accepted)
    app = await mini_program_of(caller)

    async def record(sql: Connection) -> list[UUID]:
        person = await sql.fetchval(_PERSON, caller.shop_id, customer_id, app.appid)
        if person is None:
            raise Refusal(UserErrorCode.LOGIN_REQUIRED, "请先登录", "Log in through this app first")
        found = await sql.fetch(_TEMPLATES, caller.shop_id, app.id, list(template_ids))
        _require_known(template_ids, {row["template_id"] for row in found})
        names = sorted(accepted)
        await sql.execute(_AGREE, caller.shop_id, person, [new_id() for _ in names], names, wall_now())
        return [row["id"] for row in found]

    done = await once(caller, "messageOptInRecord", key, [list(template_ids), list(accepted)], record)
    return [UUID(id_) for id_ in done]


async def take_quota(shop_id: UUID, identity_id: UUID, template_id: str, message_id: UUID) -> bool:
    """Set one aside for a message that is about to be sent; False when none is left."""
    taken = await pool().fetchval(_TAKE, shop_id, identity_id, template_id, message_id, wall_now())
    return taken is not None


async def give_back_quota(sql: Connection, shop_id: UUID, identity_id: UUID, template_id: str) -> None:
    """Put back what was set aside for a message that was not sent."""
    await sql.execute(_GIVE_BACK, shop_id, identity_id, template_id, wall_now())


async def quota_used_up(sql: Connection, shop_id: UUID, identity_id: UUID, template_id: str) -> None:
    """Write down what WeChat says: there is none left."""
    await sql.execute(_USED_UP, shop_id, identity_id, template_id, wall_now())


def _check(template_ids: Sequence[str], accepted: Sequence[str]) -> None:
    checks = Checks()
    if not template_ids:
        checks.refuse(UserErrorCode.BLANK, "请填写模板", "Name the templates that were asked for", "templateIds")
    checks.at_most(template_ids, TEMPLATES_MAX, "templateIds")
    checks.distinct(template_ids, "", "templateIds")
    checks.distinct(accepted, "", "accepted")
    for index, one in enumerate(accepted):
        if one not in template_ids:
            checks.refuse(UserErrorCode.INVALID, "未请求该模板", "It was not asked for", "accepted", index)
    checks.end()


def _require_known(template_ids: Sequence[str], known: set[str]) -> None:
    missing = [
        Refusal(UserErrorCode.NOT_FOUND, "没有该消息模板", "The app uses no such template", "templateIds", index)
        for index, one in enumerate(template_ids)
        if one not in known
    ]
    if missing:
        raise Refusals(missing)
