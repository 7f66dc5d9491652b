"""Who stands behind a key and a token, as the database knows: asked one by one, and together where many come at once.

When something happens that a thousand sockets follow, a thousand people are asked about in the same moment: by one
statement for each of them the last would wait for all the others.
"""

import asyncio
from typing import Any, Final
from uuid import UUID

from models.database import fetch_row, pool

ALONE_MOST: Final = 4
"""So many statements for one each may be under way; who comes then is asked about with all who wait."""
TOGETHER_MOST: Final = 500

Question = tuple[str | None, UUID | None, UUID | None, UUID | None, UUID | None]
"""The key; the token's shop, member of staff, customer and session."""

# Unique look-ups only: visitor_key (key), the primary keys of the rest; one row for each question always. A merge of
# customers points every older row at the survivor, so one step is enough.
_ANSWER: Final = """
select visitor_key.shop_id as key_shop_id, app.id as app_id, app.appid,
       shop.id as shop_id, shop.mode, shop.clock_offset_ms, shop.language,
       staff.roles, staff.token_version, coalesce(customer.merged_into, customer.id) as customer_id,
       session.id as session_id
from {asked}
left join visitor_key on visitor_key.key = asked.key and visitor_key.revoked_at is null
left join wechat_app app on app.shop_id = visitor_key.shop_id and app.id = visitor_key.app_id
left join staff on staff.shop_id = asked.shop_id and staff.id = asked.staff_id and staff.active
left join customer on customer.shop_id = asked.shop_id and customer.id = asked.customer_id
left join session on session.shop_id = asked.shop_id and session.id = asked.session_id and session.revoked_at is null
left join shop on shop.id = coalesce(visitor_key.shop_id, staff.shop_id)
"""
_ONE: Final = _ANSWER.format(
    asked="""(
    select $1::text as key, $2::uuid as shop_id, $3::uuid as staff_id, $4::uuid as customer_id, $5::uuid as session_id
) as asked"""
)
_MANY: Final = (
    _ANSWER.format(
        asked="""unnest($1::text[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[])
    with ordinality as asked(key, shop_id, staff_id, customer_id, session_id, place)"""
    )
    + "order by asked.place"
)


class People:
    """Answers questions about people, one row for each."""

    def __init__(self) -> None:
        self._alone = 0
        self._waiting: list[tuple[Question, asyncio.Future[Any]]] = []
        self._together: asyncio.Task[None] | None = None

    async def ask(self, question: Question) -> Any:  # noqa: ANN401 - asyncpg's records have no types
        """Return the row that answers a question."""
        if self._alone < ALONE_MOST:
            self._alone += 1
            try:
                return await fetch_row(_ONE, question)
            finally:
                self._alone -= 1
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, answer))
        if self._together is None:
            self._together = asyncio.create_task(self._ask_together())
        return await answer

    async def _ask_together(self) -> None:
        """Ask for all who wait, again and again until nobody does."""
        try:
            while self._waiting:
                asked, self._waiting = self._waiting[:TOGETHER_MOST], self._waiting[TOGETHER_MOST:]
                await _answer(asked)
        finally:
            self._together = None


async def _answer(asked: list[tuple[Question, "asyncio.Future[Any]"]]) -> None:
    """Give each their row; a fault is everybody's who was asked for."""
    columns = zip(*(question for question, _ in asked), strict=True)
    try:
        rows = await pool().fetch(_MANY, *map(list, columns))
    except Exception as fault:  # noqa: BLE001 - it goes to whoever asked
        for _, answer in asked:
            if not answer.done():
                answer.set_exception(fault)
        return
    for (_, answer), row in zip(asked, rows, strict=True):
        if not answer.done():
            answer.set_result(row)
