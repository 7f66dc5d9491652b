"""What staff can do with freight templates, and how they are read where freight is reckoned."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from ids import new_id
from models.database import Connection, transaction
from models.freight_template import ChargeBy, FreightRule, FreightTemplate
from models.refusal import LimitRefusal, Refusal, UserErrorCode
from resolvers.caller import Caller
from resolvers.catalogue import open_catalogue
from resolvers.checks import Checks, require_version
from resolvers.freight import Rule, Template
from resolvers.freight_template_draft import FreightRuleDraft, FreightTemplateDraft, check_template
from resolvers.idempotency import once
from resolvers.keep import Keep, merged
from resolvers.outbox import emit
from resolvers.rows import insert_rows, save_rows

TEMPLATES_MAX: Final = 100

# Unique (shop_id, id), (shop_id, name), and (shop_id) where is_default.
_STANDING = "select * from freight_template where shop_id = $1 and id = $2"
_SHELF = """
select count(*) as count, (array_agg(id) filter (where name = $2))[1] as named from freight_template where shop_id = $1
"""
_NO_DEFAULT = "update freight_template set is_default = false where shop_id = $1 and is_default"
_DEFAULT = "update freight_template set is_default = true where shop_id = $1 and id = $2"
_ALL = "select id from freight_template where shop_id = $1 order by created_at, id"
_FORGET_RULES = "delete from freight_rule where shop_id = $1 and template_id = $2"
_DELETE = "delete from freight_template where shop_id = $1 and id = $2"
# By primary key.
_KNOWN = "select code from region where code = any($1::text[])"
# Index (shop_id, freight_template_id).
_USED = "select exists (select from product where shop_id = $1 and freight_template_id = $2)"

FREIGHT_FACTS: Final = """
select t.id, t.name, t.charge_by, t.is_default, r.id is not null as has_rule, r.region_codes, r.delivers,
    r.first_amount, r.first_fee_fen, r.further_amount, r.further_fee_fen, r.free_from_fen, r.free_from_pieces
from freight_template t left join freight_rule r on r.shop_id = t.shop_id and r.template_id = t.id
where t.shop_id = $1 and (t.id = any($2::uuid[]) or t.is_default)
order by t.id, r.position
"""
"""Templates by id, and the shop's default, each with its rules: a row for each rule.

Unique (shop_id, id) and the partial unique index of defaults; rules by unique (shop_id, template_id, position).
"""

_DEFAULTS: Final[dict[str, Any]] = {"name": "", "charge_by": ChargeBy.WEIGHT}
_COLUMNS: Final = (*_DEFAULTS, "version", "updated_at")
_RULE: Final = (
    "region_codes", "delivers", "first_amount", "first_fee_fen", "further_amount", "further_fee_fen", "free_from_fen",
    "free_from_pieces",
)  # fmt: skip


async def freight_of(sql: Connection, shop_id: UUID, template_ids: Iterable[UUID]) -> dict[UUID | None, Template]:
    """Return these templates by id, and the shop's default by its id and under None, in one statement.

    An id that names nothing is not in the answer; freight_fee takes the default for it.
    """
    found: dict[UUID | None, Template] = {}
    rules: dict[UUID, list[Rule]] = {}
    rows = await sql.fetch(FREIGHT_FACTS, shop_id, list(template_ids))
    for row in rows:
        if row["has_rule"]:
            rules.setdefault(row["id"], []).append(
                Rule(frozenset(row["region_codes"]), *(row[column] for column in _RULE[1:]))
            )
    for row in rows:
        template = Template(row["id"], row["name"], ChargeBy(row["charge_by"]), tuple(rules.get(row["id"], ())))
        found[row["id"]] = template
        if row["is_default"]:
            found[None] = template
    return found


async def freight_template_create(caller: Caller, draft: FreightTemplateDraft, key: str) -> UUID:
    """Make a template.

    Raises Refusals with paths under `input`: TAKEN for a name, NOT_FOUND for a region, DUPLICATE for one that comes
    twice, LIMIT_REACHED above a hundred templates, and the usual ones for texts and numbers.
    """
    check_template(draft, new=True)

    async def create(sql: Connection) -> UUID:
        await open_catalogue(sql, caller.shop_id)
        return await _save(sql, caller, draft, None)

    return UUID(await once(caller, "freightTemplateCreate", key, draft, create))


async def freight_template_update(caller: Caller, template_id: UUID, draft: FreightTemplateDraft) -> UUID:
    """Change a template; given rules are the whole list. Raises NOT_FOUND, CONFLICT, and as for a new one."""
    check_template(draft, new=False)
    async with transaction() as sql:
        await open_catalogue(sql, caller.shop_id)
        stored = await _standing(sql, caller, template_id)
        require_version(draft.version, stored["version"], "input", "version")
        return await _save(sql, caller, draft, stored)


async def freight_template_delete(caller: Caller, template_id: UUID, version: int | None = None) -> UUID:
    """Delete a template. IN_USE while products have it, or while it is the default: freight must not vanish unseen."""
    async with transaction() as sql:
        await open_catalogue(sql, caller.shop_id)
        stored = await _standing(sql, caller, template_id)
        require_version(version, stored["version"])
        if stored["is_default"]:
            raise Refusal(UserErrorCode.IN_USE, "默认模板不能删除", "The default: choose another first", *("id",))
        if await sql.fetchval(_USED, caller.shop_id, template_id):
            raise Refusal(UserErrorCode.IN_USE, "仍有商品使用该模板", "Products still have it", *("id",))
        await sql.execute(_DELETE, caller.shop_id, template_id)
        await emit(sql, caller, "freight_template.deleted", template_id, {})
    return template_id


async def freight_template_set_default(caller: Caller, template_id: UUID | None) -> list[UUID]:
    """Make a template the shop's default; with null it has none, and what has no template is sent for nothing.

    Returns all templates, the oldest first. Raises NOT_FOUND.
    """
    async with transaction() as sql:
        await open_catalogue(sql, caller.shop_id)
        if template_id is not None:
            await _standing(sql, caller, template_id)
        await sql.execute(_NO_DEFAULT, caller.shop_id)
        if template_id is not None:
            await sql.execute(_DEFAULT, caller.shop_id, template_id)
        await emit(sql, caller, "freight_template.default_set", template_id or caller.shop_id, {})
        return [row["id"] for row in await sql.fetch(_ALL, caller.shop_id)]


async def _save(sql: Connection, caller: Caller, draft: FreightTemplateDraft, stored: Mapping[str, Any] | None) -> UUID:
    template_id: UUID = stored["id"] if stored else new_id()
    row = {
        **merged(draft, _DEFAULTS, stored),
        "id": template_id,
        "shop_id": caller.shop_id,
        "is_default": False,
        "version": stored["version"] + 1 if stored else 1,
        "created_at": stored["created_at"] if stored else caller.now,
        "updated_at": caller.now,
    }
    await _require_room(sql, caller, row["name"], stored)
    if not isinstance(draft.rules, Keep):
        await _require_regions(sql, draft.rules)
    await save_rows(sql, FreightTemplate, _COLUMNS, [row])
    if not isinstance(draft.rules, Keep):
        await sql.execute(_FORGET_RULES, caller.shop_id, template_id)
        await insert_rows(sql, FreightRule, list(_rows(caller.shop_id, template_id, draft.rules)))
    if draft.make_default:
        await sql.execute(_NO_DEFAULT, caller.shop_id)
        await sql.execute(_DEFAULT, caller.shop_id, template_id)
    topic = "freight_template.updated" if stored else "freight_template.created"
    await emit(sql, caller, topic, template_id, {"version": row["version"]})
    return template_id


def _rows(shop_id: UUID, template_id: UUID, rules: Sequence[FreightRuleDraft]) -> Iterable[dict[str, Any]]:
    for position, rule in enumerate(rules):
        given = {column: getattr(rule, column) for column in _RULE}
        yield {"id": new_id(), "shop_id": shop_id, "template_id": template_id, "position": position, **given}


async def _require_room(sql: Connection, caller: Caller, name: str, stored: Mapping[str, Any] | None) -> None:
    """Refuse a name that another has, and one template too many."""
    shelf = await sql.fetchrow(_SHELF, caller.shop_id, name)
    if shelf["named"] not in (None, stored and stored["id"]):
        raise Refusal(UserErrorCode.TAKEN, "已有同名运费模板", "Another template has this name", "input", "name")
    if stored is None and shelf["count"] >= TEMPLATES_MAX:
        zh, en = f"最多 {TEMPLATES_MAX} 个运费模板", f"At most {TEMPLATES_MAX} templates"
        raise LimitRefusal(zh, en, limit=TEMPLATES_MAX, used=shelf["count"])


async def _require_regions(sql: Connection, rules: Sequence[FreightRuleDraft]) -> None:
    asked = [code for rule in rules for code in rule.region_codes]
    known = {row["code"] for row in await sql.fetch(_KNOWN, asked)} if asked else set()
    checks = Checks("input", "rules")
    for index, rule in enumerate(rules):
        for place, code in enumerate(rule.region_codes):
            if code not in known:
                checks.refuse(UserErrorCode.NOT_FOUND, "找不到该地区", "No such region", index, "regionCodes", place)
    checks.end()


async def _standing(sql: Connection, caller: Caller, template_id: UUID) -> Mapping[str, Any]:
    stored: Mapping[str, Any] | None = await sql.fetchrow(_STANDING, caller.shop_id, template_id)
    if stored is None:
        raise Refusal(UserErrorCode.NOT_FOUND, "找不到该运费模板", "No such freight template", *("id",))
    return stored
