"""What is true of after-sales at every moment."""

from typing import Final

from models.after_sale import NEXT_AFTER_SALE_STATUS
from resolvers.invariant import Invariant

_LEGAL: Final = ", ".join(
    f"('{was}', '{then}')" for was, following in NEXT_AFTER_SALE_STATUS.items() for then in sorted(following)
)

AFTER_SALE_INVARIANTS: Final = (
    Invariant(
        name="after_sale.status_follows_its_history",
        meaning="The last step written down is where an after-sale stands, and every step is a legal one.",
        prefix="afs",
        broken=f"""
            select one.id from after_sale one
            where one.shop_id = $1 and (
                one.status is distinct from (
                    select to_status from after_sale_change where shop_id = $1 and after_sale_id = one.id
                    order by id desc limit 1)
                or exists (
                    select from after_sale_change step where step.shop_id = $1 and step.after_sale_id = one.id
                      and case when step.from_status is null then step.to_status <> 'APPLIED'
                               else (step.from_status, step.to_status) not in ({_LEGAL}) end))
        """,  # noqa: S608 - fixed words
    ),
    Invariant(
        name="after_sale.refund_is_where_it_stands",
        meaning="Money is on its way while an after-sale is REFUNDING, arrived when it is done, and none before.",
        prefix="afs",
        broken="""
            select one.id from after_sale one
            where one.shop_id = $1 and (
                select case when count(*) = 0 then 'NONE' when bool_and(state = 'SUCCEEDED') then 'DONE'
                            else 'GOING' end
                from refund where shop_id = $1 and after_sale_id = one.id
            ) <> case when one.status = 'REFUNDING' then 'GOING'
                      when one.status = 'COMPLETED' and one.type <> 'EXCHANGE' then 'DONE' else 'NONE' end
        """,
    ),
    Invariant(
        name="after_sale.moves_on",
        meaning="What waits for an answer, for goods or for a word moves on by itself, and did within an hour.",
        prefix="afs",
        broken="""
            select id from after_sale
            where shop_id = $1 and status in ('APPLIED', 'AWAITING_RETURN', 'EXCHANGE_SHIPPED')
              and (deadline_at is null or deadline_at < $2::timestamptz - interval '1 hour')
        """,
    ),
)
