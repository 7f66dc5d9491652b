"""Writing metafields of any number of owners: one statement for products, one for variants."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from ids import new_id
from models.database import Connection
from resolvers.caller import Caller
from resolvers.metafield_draft import MetafieldDraft
from resolvers.rows import as_json

# The unique key of the one owner column that is set; the other key never meets, for null is not equal to null.
_PUT = """
insert into metafield (id, shop_id, product_id, variant_id, namespace, key, type, value, visibility, updated_at)
select id, $1, product_id, variant_id, namespace, key, type, value, visibility, $3
from jsonb_populate_recordset(null::metafield, $2::jsonb)
on conflict (shop_id, {owner}, namespace, key) do update
    set type = excluded.type, value = excluded.value, visibility = excluded.visibility, updated_at = $3
"""
_PUT_ON = {owner: _PUT.format(owner=owner) for owner in ("product_id", "variant_id")}


@dataclass(frozen=True, slots=True)
class OwnedMetafield:
    """A metafield and the one thing that has it."""

    draft: MetafieldDraft
    product_id: UUID | None = None
    variant_id: UUID | None = None


async def put_metafields(sql: Connection, caller: Caller, metafields: Sequence[OwnedMetafield]) -> None:
    """Set metafields by owner, namespace and key; an owner names each once."""
    for owner, statement in _PUT_ON.items():
        rows = [
            {
                "id": new_id(),
                "product_id": metafield.product_id,
                "variant_id": metafield.variant_id,
                "namespace": metafield.draft.namespace,
                "key": metafield.draft.key,
                "type": metafield.draft.type,
                "value": metafield.draft.value,
                "visibility": metafield.draft.visibility,
            }
            for metafield in metafields
            if getattr(metafield, owner) is not None
        ]
        if rows:
            await sql.execute(statement, caller.shop_id, as_json(rows), caller.now)
