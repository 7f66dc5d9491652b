"""Writing metafields of any number of owners: one statement for each kind of owner."""

from collections.abc import Sequence
from dataclasses import dataclass

from ids import new_id
from models.database import Connection
from models.metafield import OwnerKind
from resolvers.caller import Caller
from resolvers.metafield_draft import MetafieldDraft
from resolvers.metafield_owner import Owner
from resolvers.rows import as_json

# The unique key of the one owner column that is set; the others never meet, for null is not equal to null.
_PUT = """
insert into metafield (id, shop_id, {owner}, namespace, key, type, value, visibility, updated_at)
select id, $1, {owner}, namespace, key, type, value, visibility, $3
from jsonb_populate_recordset(null::metafield, $2::jsonb)
on conflict (shop_id, {owner}, namespace, key) where {owner} is not null do update
    set type = excluded.type, value = excluded.value, visibility = excluded.visibility, updated_at = $3
"""
_PUT_ON = {kind: _PUT.format(owner=kind) for kind in OwnerKind}


@dataclass(frozen=True, slots=True)
class OwnedMetafield:
    """A metafield and the one thing that has it."""

    draft: MetafieldDraft
    owner: Owner


async def put_metafields(sql: Connection, caller: Caller, metafields: Sequence[OwnedMetafield]) -> None:
    """Set metafields by owner, namespace and key; an owner names each once."""
    for kind, statement in _PUT_ON.items():
        rows = [
            {
                "id": new_id(),
                kind.value: metafield.owner.id,
                "namespace": metafield.draft.namespace,
                "key": metafield.draft.key,
                "type": metafield.draft.type,
                "value": metafield.draft.value,
                "visibility": metafield.draft.visibility,
            }
            for metafield in metafields
            if metafield.owner.kind is kind
        ]
        if rows:
            await sql.execute(statement, caller.shop_id, as_json(rows), caller.now)
