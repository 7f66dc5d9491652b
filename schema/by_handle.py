"""Finding one thing by its id or by its handle."""

from typing import Annotated

import strawberry

from engine.rows import Rows
from ids import decode_id
from schema.scalars import Handle

IdArgument = Annotated[strawberry.ID | None, strawberry.argument(description="Its id. Give this, the handle, or both.")]
HandleArgument = Annotated[Handle | None, strawberry.argument(description="Its handle. Give this, the id, or both.")]

DECODERS = {prefix: (lambda text, own=prefix: decode_id(own, text)) for prefix in ("prd", "col", "cat", "pag", "gbt")}


def by_id_or_handle(rows: Rows, prefix: str, id_: object, handle: object) -> None:
    """Keep the row that an id and a handle name, as far as they are given; no row when neither is."""
    if id_ is None and handle is None:
        rows.where("false")
    if id_ is not None:
        rows.where(f"{rows.t}.id = {rows.bind(id_, 'uuid', DECODERS[prefix])}")
    if handle is not None:
        rows.where(f"{rows.t}.handle = {rows.bind(handle, 'text')}")
