"""Visits: what headers and visitTrack tell of one launch becomes one row, a moment later, and no answer waits for it."""

from typing import Any
from uuid import uuid4

import httpx

from models.database import pool
from tests.harness.asking import Asker
from tests.harness.shops import SandboxShop

HELLO = "{ __typename }"


async def visits(http: httpx.AsyncClient, shop: SandboxShop) -> list[dict[str, Any]]:
    """The rows of a shop's visits, once nothing is under way any more."""
    settled = (await http.post(f"/sandbox/shops/{shop.global_id}/settle")).json()
    assert settled["idle"], settled
    rows = await pool().fetch("select * from visit where shop_id = $1 order by arrived_at, id", shop.id)
    return [dict(row) for row in rows]


def somebody(shop: SandboxShop, visit: object = None, visitor: object = None) -> Asker:
    return shop.visitor.also(x_visitor_id=str(visitor or uuid4()), x_visit_id=str(visit or uuid4()))


async def test_headers_alone_make_a_visit(http: httpx.AsyncClient, shop: SandboxShop) -> None:
    visit, visitor = uuid4(), uuid4()

    await somebody(shop, visit, visitor)(HELLO)

    [row] = await visits(http, shop)
    assert (row["visit_id"], row["visitor_id"], row["app_id"], row["source"]) == (visit, visitor, shop.app.id, "DIRECT")
