"""The worker: the short list of work that falls due, and the loops that do it. Any number may run at once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from time import monotonic
from typing import Final
from uuid import UUID

from clock import wall_now
from logs import log
from resolvers.after_sale_due import move_after_sales, next_after_sale_deadline
from resolvers.cart_merge import reap_carts
from resolvers.customer_merge import finish_merges
from resolvers.due_work import DueWork, Waiting
from resolvers.group_buy_card import waiting_cards
from resolvers.group_buy_card_update import update_cards
from resolvers.group_buy_end import end_teams, next_team_deadline, waiting_teams
from resolvers.group_buy_message import next_team_reminder
from resolvers.group_buy_settle import settle_seats, waiting_seats
from resolvers.hot_search import count_hot_searches
from resolvers.idempotency import reap_idempotency_keys
from resolvers.media_upload import reap_media_uploads
from resolvers.message_note import next_reminder, remind_of_teams, remind_of_unpaid_orders
from resolvers.message_send import send_messages, waiting_messages
from resolvers.offer_window import announce_due_offers, next_offer_edge
from resolvers.order_cancel import expire_orders, next_expiry, waiting_expiries
from resolvers.order_confirm import confirm_orders, next_confirmation, waiting_confirmations
from resolvers.outbox import reap_delivered_events, waiting_events
from resolvers.outbox_delivery import deliver_outbox
from resolvers.payment_notification import handle_payment_notifications, waiting_pay_notifications
from resolvers.payment_query import query_payments, waiting_payments
from resolvers.publication import announce_due_windows, next_window_edge
from resolvers.push_receive import reap_pushed_messages
from resolvers.refund_send import send_refunds, waiting_refunds
from resolvers.sales_count import count_sales, waiting_sales
from resolvers.search_index import renew_stale_words, waiting_words
from resolvers.search_log import reap_searches
from resolvers.search_tier import rank_products
from resolvers.session import forget_answers, reap_sessions
from resolvers.shipping_send import upload_shipping
from resolvers.shipping_upload import waiting_uploads
from resolvers.stock_figures import refresh_stale_stock, waiting_figures
from resolvers.viewed_product import reap_views
from resolvers.visit_recorder import waiting_visits
from wechat.sandbox.pay_notifications import deliver_pay_notifications, waiting_notifications

POLL_SECONDS: Final = 0.5
TELL_SECONDS: Final = 0.05
"""What happened reaches whoever follows it after half of this on average; a look that finds nothing is one index."""
FIGURES_SECONDS: Final = 0.2
FAULT_PAUSE_SECONDS: Final = 5.0
MINUTE_SECONDS: Final = 60.0
RANK_SECONDS: Final = 600.0
HOUR_SECONDS: Final = 3600.0


async def _deliver(_wall: datetime, shop_id: UUID | None) -> int:
    return await deliver_outbox(shop_id)


def _tidying(reap: Callable[[datetime], Awaitable[int]]) -> DueWork:
    """Throw away what is too old, of all shops, once an hour."""

    async def run(wall: datetime, _shop_id: UUID | None) -> int:
        return await reap(wall)

    return DueWork(reap.__name__, run, every_seconds=HOUR_SECONDS)


DUE_WORK: Final[tuple[DueWork, ...]] = (
    DueWork("announce_windows", announce_due_windows, every_seconds=1.0, next_deadline=next_window_edge),
    DueWork("announce_offers", announce_due_offers, every_seconds=1.0, next_deadline=next_offer_edge),
    DueWork("deliver_outbox", _deliver, every_seconds=TELL_SECONDS, settles=True),
    DueWork("refresh_stale_stock", refresh_stale_stock, every_seconds=FIGURES_SECONDS, settles=True),
    DueWork("handle_payment_notifications", handle_payment_notifications, every_seconds=POLL_SECONDS, settles=True),
    DueWork("count_sales", count_sales, every_seconds=1.0, settles=True),
    DueWork("send_refunds", send_refunds, every_seconds=1.0, settles=True),
    DueWork("query_payments", query_payments, every_seconds=1.0, settles=True),
    DueWork("expire_orders", expire_orders, every_seconds=1.0, next_deadline=next_expiry, calls_outside=True),
    DueWork("end_teams", end_teams, every_seconds=1.0, next_deadline=next_team_deadline, calls_outside=True),
    DueWork("settle_seats", settle_seats, every_seconds=POLL_SECONDS, settles=True),
    DueWork("move_after_sales", move_after_sales, every_seconds=1.0, next_deadline=next_after_sale_deadline),
    DueWork("confirm_orders", confirm_orders, every_seconds=1.0, next_deadline=next_confirmation),
    DueWork("upload_shipping", upload_shipping, every_seconds=POLL_SECONDS, settles=True),
    DueWork(
        "remind_of_unpaid_orders",
        remind_of_unpaid_orders,
        every_seconds=5.0,
        next_deadline=next_reminder,
        calls_outside=True,
    ),
    DueWork(
        "remind_of_teams", remind_of_teams, every_seconds=5.0, next_deadline=next_team_reminder, calls_outside=True
    ),
    DueWork("send_messages", send_messages, every_seconds=POLL_SECONDS, settles=True),
    DueWork("update_cards", update_cards, every_seconds=POLL_SECONDS, settles=True),
    DueWork("renew_stale_words", renew_stale_words, every_seconds=1.0, settles=True),
    DueWork("rank_products", rank_products, every_seconds=RANK_SECONDS),
    DueWork("count_hot_searches", count_hot_searches, every_seconds=MINUTE_SECONDS, settles=True),
    *map(
        _tidying,
        (
            reap_searches,
            reap_views,
            reap_carts,
            reap_media_uploads,
            reap_idempotency_keys,
            reap_delivered_events,
            reap_pushed_messages,
        ),
    ),
    DueWork("finish_merges", finish_merges, every_seconds=5.0),
    DueWork("forget_answers", forget_answers, every_seconds=10.0),
    DueWork("reap_sessions", reap_sessions, every_seconds=HOUR_SECONDS),
)

SANDBOX_WORK: Final[tuple[DueWork, ...]] = (
    DueWork("deliver_pay_notifications", deliver_pay_notifications, every_seconds=1.0, settles=True),
)
"""What the sandbox's WeChat has to do of itself; nothing in production, which has none."""

WAITING: Final[Mapping[str, Waiting]] = {
    "expiries": waiting_expiries,
    "teams": waiting_teams,
    "seats": waiting_seats,
    "confirmations": waiting_confirmations,
    "refunds": waiting_refunds,
    "payments": waiting_payments,
    "notifications": waiting_notifications,
    "payNotifications": waiting_pay_notifications,
    "uploads": waiting_uploads,
    "outbox": waiting_events,
    "messages": waiting_messages,
    "cards": waiting_cards,
    "sales": waiting_sales,
    "visits": waiting_visits,
    "stock": waiting_figures,
    "words": waiting_words,
}
"""What a shop is not at rest with; a tester who settles it is told of each.

What makes other work stands before it: what moves on while it is counted is counted where it goes.
"""


def due_work(*, is_production: bool) -> tuple[DueWork, ...]:
    """Return the whole list for a process."""
    return DUE_WORK if is_production else (*DUE_WORK, *SANDBOX_WORK)


async def run_worker(stop: asyncio.Event, due_work: Sequence[DueWork] = DUE_WORK) -> None:
    """Do what falls due until `stop` is set; the work at hand is finished first.

    Each kind has a loop of its own: one that waits for somebody outside holds up no other, and never runs beside
    itself. A fault of one kind is logged and it pauses; the others go on.
    """
    log("worker_started", kinds=len(due_work))
    async with asyncio.TaskGroup() as loops:
        for work in due_work:
            loops.create_task(_repeat(work, stop), name=work.name)
    log("worker_stopped")


@asynccontextmanager
async def worker_inside(due_work: Sequence[DueWork] = DUE_WORK) -> AsyncIterator[None]:
    """Run a worker beside whatever the block does, and let it finish the work at hand when the block ends."""
    stop = asyncio.Event()
    running = asyncio.create_task(run_worker(stop, due_work))
    try:
        yield
    finally:
        stop.set()
        await running


async def _repeat(work: DueWork, stop: asyncio.Event) -> None:
    while not stop.is_set():
        pause = await _look(work)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)


async def _look(work: DueWork) -> float:
    """Run one kind of work once and return how long to leave it alone, in seconds."""
    began = monotonic()
    try:
        count = await work.run(wall_now(), None)
    except Exception as fault:  # noqa: BLE001 - one broken kind of work must not stop the others; it is logged
        log("due_work_failed", level="error", work=work.name, fault=type(fault).__name__)
        return FAULT_PAUSE_SECONDS
    if count:
        log("due_work", work=work.name, count=count, took_ms=round((monotonic() - began) * 1000))
    return work.every_seconds
