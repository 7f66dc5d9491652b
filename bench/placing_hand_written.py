"""The rival at placing orders: Starlette and asyncpg, one transaction for each buyer, one statement for each thing.

It writes the same rows as ours, in the same transaction, and checks what ours checks: what is sold, stock, the address,
unpaid orders, the expected total, the idempotency key. It does not find out who asks: it takes the customer's word.
"""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import orjson
from asyncpg import Record
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.settled import database_from_settings, settle_memory
from clock import wall_now
from ids import encode_id, new_id
from models.database import Connection, pool
from settings import load_settings

_KEY: Final = """
insert into idempotency_key (id, shop_id, actor, mutation, key, input_sha256, outcome, created_at)
values ($1, $2, $3, 'orderPlace', $4, $5, $6::jsonb, $7) on conflict do nothing returning id
"""
_SHOP: Final = "select pay_minutes, unpaid_orders_max from shop where id = $1"
_CUSTOMER: Final = "select paid_orders from customer where shop_id = $1 and id = $2"
_UNPAID: Final = """
select count(*) from orders where shop_id = $1 and customer_id = $2 and status = 'PENDING_PAYMENT'
"""
_ADDRESS: Final = "select * from address where shop_id = $1 and id = $2 and customer_id = $3"
_VARIANT: Final = """
select variant.*, product.title as product_title, product.origin as product_origin,
       coalesce((select media.url from media where media.shop_id = $1 and media.id = variant.media_id),
                (select media.url from media where media.shop_id = $1 and media.product_id = product.id
                 and media.kind = 'IMAGE' order by media.position, media.id limit 1)) as image_url
from variant join product on product.shop_id = variant.shop_id and product.id = variant.product_id
where variant.shop_id = $1 and variant.id = $2 and product.status = 'ACTIVE' and product.published_at <= $3
"""
_OPTIONS: Final = "select name from product_option where shop_id = $1 and product_id = $2 order by position, id"
_FREIGHT: Final = "select id from freight_template where shop_id = $1 and is_default"
_TAKE: Final = """
update stock_level set reserved = reserved + $3, figured = false, updated_at = $4
where shop_id = $1 and variant_id = $2 and (may_oversell or on_hand - reserved >= $3) returning id
"""
_ORDER: Final = """
insert into orders (id, shop_id, order_no, customer_id, app_id, status, payment_status, fulfilment_status,
    refund_status, goods_fen, freight_fen, total_fen, paid_fen, refunding_fen, refunded_fen, item_count, note,
    attributes, share_chain, prior_paid_orders, is_confirm_extended, expires_at, version, created_at, updated_at)
values ($1, $2, $3, $4, $5, 'PENDING_PAYMENT', 'UNPAID', 'NOT_SHIPPED', 'NONE', $11, 0, $6, 0, 0, 0, $7, '', '{}', '[]',
    $8, false, $9, 1, $10, $10)
"""
_LINE: Final = """
insert into order_line (id, shop_id, order_id, position, product_id, variant_id, title, variant_title, options, sku,
    image_url, price_fen, cost_fen, quantity, payable_fen, refunding_fen, refunded_fen, refunding_quantity,
    refunded_quantity, shipped_quantity, weight_grams, requires_shipping, origin, attributes, created_at)
values ($1, $2, $3, 1, $4, $5, $6, $7, $8::jsonb, $9, $10, $11, $12, $13, $14, 0, 0, 0, 0, 0, $15, $16, $17, '{}', $18)
"""
_DELIVERY: Final = """
insert into delivery (id, shop_id, order_id, method, recipient_sealed, name_masked, phone_masked, region_code,
    region_text, postcode, freight_fen, origin, created_at)
values ($1, $2, $3, 'EXPRESS', $4, $5, $6, $7, $8, $9, 0, $10, $11)
"""
_RESERVE: Final = """
insert into reservation (id, shop_id, order_id, order_line_id, stock_level_id, quantity, returned, state, created_at,
    updated_at) values ($1, $2, $3, $4, $5, $6, 0, 'HELD', $7, $7)
"""
_CHANGE: Final = """
insert into order_change (id, shop_id, order_id, axis, to_value, actor_kind, actor_id, reason, created_at)
values ($1, $2, $3, 'STATUS', 'PENDING_PAYMENT', 'CUSTOMER', $4, '', $5)
"""
_TELL: Final = """
insert into outbox_event (id, shop_id, topic, aggregate_id, payload, attempts, last_error, next_attempt_at, created_at)
values ($1, $2, 'order.placed', $3, $4::jsonb, 0, '', $5, $5)
"""


class RefusedCode(StrEnum):
    """What is refused."""

    IDEMPOTENCY_IN_PROGRESS = "IDEMPOTENCY_IN_PROGRESS"
    LIMIT_REACHED = "LIMIT_REACHED"
    NOT_FOUND = "NOT_FOUND"
    PRICE_CHANGED = "PRICE_CHANGED"
    OUT_OF_STOCK = "OUT_OF_STOCK"


class Refused(Exception):  # noqa: N818 - a no is no error
    """The transaction must not stand."""


Asked = dict[str, Any]

Take = Callable[[Connection, Asked, UUID, int, datetime], Awaitable[int]]
"""Take what an offer gives of a variant with a regular price; returns what a piece costs by it."""

Write = Callable[[Connection, Asked, dict[str, Any], datetime], Awaitable[None]]
"""Write what an offer keeps of an order that was placed in it."""


async def place(sql: Connection, asked: Asked, take: Take | None = None, write: Write | None = None) -> dict[str, Any]:
    """Place one order of one line, in an offer if there is one."""
    shop_id, customer_id = UUID(asked["shop"]), UUID(asked["customer"])
    quantity, now, order_id = asked["quantity"], wall_now(), new_id()
    digest = secrets.token_bytes(32)
    key = (new_id(), shop_id, f"CUSTOMER:{customer_id}", asked["key"], digest, f'"{order_id}"', now)
    if await sql.fetchval(_KEY, *key) is None:
        raise Refused(RefusedCode.IDEMPOTENCY_IN_PROGRESS)
    shop = await sql.fetchrow(_SHOP, shop_id)
    paid_orders = await sql.fetchval(_CUSTOMER, shop_id, customer_id)
    if await sql.fetchval(_UNPAID, shop_id, customer_id) >= shop["unpaid_orders_max"]:
        raise Refused(RefusedCode.LIMIT_REACHED)
    address = await sql.fetchrow(_ADDRESS, shop_id, UUID(asked["address"]), customer_id)
    variant = await sql.fetchrow(_VARIANT, shop_id, UUID(asked["variant"]), now)
    if address is None or variant is None:
        raise Refused(RefusedCode.NOT_FOUND)
    names = await sql.fetch(_OPTIONS, shop_id, variant["product_id"])
    await sql.fetchval(_FREIGHT, shop_id)
    price = await take(sql, asked, variant["id"], variant["price_fen"], now) if take else variant["price_fen"]
    total = price * quantity
    if total != asked["expected"]:
        raise Refused(RefusedCode.PRICE_CHANGED)
    level_id = await sql.fetchval(_TAKE, shop_id, variant["id"], quantity, now)
    if level_id is None:
        raise Refused(RefusedCode.OUT_OF_STOCK)
    order_no = f"{now:%y%m%d}{secrets.randbelow(10**16):016}"
    expires_at = now + timedelta(minutes=shop["pay_minutes"])
    line_id = new_id()
    await sql.execute(
        _ORDER, order_id, shop_id, order_no, customer_id, UUID(asked["app"]), total, quantity, paid_orders,
        expires_at, now, variant["price_fen"] * quantity,
    )  # fmt: skip
    await sql.execute(
        _LINE, line_id, shop_id, order_id, variant["product_id"], variant["id"], variant["product_title"],
        variant["title"], _options(names, variant["option_values"]), variant["sku"], variant["image_url"],
        variant["price_fen"], variant["cost_fen"], quantity, total, variant["weight_grams"],
        variant["requires_shipping"], variant["product_origin"], now,
    )  # fmt: skip
    await _deliver(sql, order_id, address, variant["product_origin"], now)
    await sql.execute(_RESERVE, new_id(), shop_id, order_id, line_id, level_id, quantity, now)
    await sql.execute(_CHANGE, new_id(), shop_id, order_id, customer_id, now)
    await sql.execute(_TELL, new_id(), shop_id, order_id, _told(order_id, customer_id), now)
    if write:
        made = {
            "order_id": order_id, "line_id": line_id, "variant_id": variant["id"], "price_fen": price,
            "regular_fen": variant["price_fen"],
        }  # fmt: skip
        await write(sql, asked, made, now)
    order = {"id": encode_id("ord", order_id), "status": "PENDING_PAYMENT", "total": {"fen": total}}
    return {"order": order, "userErrors": []}


def _options(names: list[Record], values: list[str]) -> str:
    pairs = zip(names, values, strict=True)
    return orjson.dumps([{"name": name["name"], "value": value} for name, value in pairs]).decode()


async def _deliver(sql: Connection, order_id: UUID, address: Record, origin: str, now: datetime) -> None:
    region = " ".join((address["province_name"], address["city_name"], address["district_name"]))
    await sql.execute(
        _DELIVERY, new_id(), address["shop_id"], order_id, address["recipient_sealed"], address["name_masked"],
        address["phone_masked"], address["district_code"], region, address["postcode"], origin, now,
    )  # fmt: skip


def _told(order_id: UUID, customer_id: UUID) -> str:
    said = {
        "orderId": str(order_id), "customerId": str(customer_id), "status": "PENDING_PAYMENT",
        "paymentStatus": "UNPAID", "fulfilmentStatus": "NOT_SHIPPED", "refundStatus": "NONE", "version": 1,
    }  # fmt: skip
    return orjson.dumps(said).decode()


def serve(path: str, take: Take | None = None, write: Write | None = None) -> Starlette:
    """Return an application that places orders at a path."""
    settings = load_settings()

    async def answer(request: Request) -> Response:
        asked = orjson.loads(await request.body())
        try:
            async with pool().acquire() as sql, sql.transaction():
                found = await place(sql, asked, take, write)
        except Refused as refused:
            found = {"order": None, "userErrors": [{"code": str(refused)}]}
        return Response(orjson.dumps({"data": {"orderPlace": found}}), media_type="application/json")

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with database_from_settings(settings):
            settle_memory()
            yield

    return Starlette(routes=[Route(path, answer, methods=["POST"]), Route("/nowhere", answer)], lifespan=lifespan)


def create() -> Starlette:
    """Return the application."""
    return serve("/place")
