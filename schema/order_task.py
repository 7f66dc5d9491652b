"""What somebody of the shop has to see to in an order: a list for staff to work off."""

from enum import Enum
from typing import Final

import strawberry


@strawberry.enum(description="Something in an order that waits for somebody of the shop.")
class OrderTask(Enum):
    """Each is a condition over what hangs from an order."""

    PAYMENT = strawberry.enum_value(
        "PAYMENT", description="Money came otherwise than it was asked for: see `payments.problem`, `paymentRefund`."
    )
    REFUND = strawberry.enum_value(
        "REFUND", description="A refund is ABNORMAL: see `refunds`, `refundAbnormalApply`, `refundRetry`."
    )
    SHIPPING = strawberry.enum_value(
        "SHIPPING", description="WeChat reminds of it: paid more than 48 hours ago, and not sent; see `orderShip`."
    )
    SHIPPING_UPLOAD = strawberry.enum_value(
        "SHIPPING_UPLOAD", description="WeChat does not take what was shipped: see `shippingUpload`."
    )


_OF_ORDER: Final = "{name}.shop_id = {{t}}.shop_id and {name}.order_id = {{t}}.id"
TASKS: Final = {
    "PAYMENT": f"""exists (select from payment task where {_OF_ORDER.format(name="task")}
        and task.problem is not null and task.state <> 'SUCCEEDED')""",
    "REFUND": f"""exists (select from refund task where {_OF_ORDER.format(name="task")}
        and task.state = 'ABNORMAL')""",
    "SHIPPING": """({t}.shipping_reminded_at is not null and {t}.status = 'PAID'
        and {t}.fulfilment_status in ('NOT_SHIPPED', 'PARTIALLY_SHIPPED'))""",
    "SHIPPING_UPLOAD": f"""exists (select from shipping_upload task where {_OF_ORDER.format(name="task")}
        and task.state = 'FAILED')""",
}
"""The condition of each."""

OPEN_TASKS: Final = (
    "array_remove(array["
    + ", ".join(f"case when {condition} then '{name}' end" for name, condition in TASKS.items())
    + "]::text[], null)"
)
