"""The calls of the sandbox's WeChat Pay, under the paths of the real one, and the names they are known by."""

from typing import Final

from wechat.sandbox.pay_bills import certificates, download_bill, fund_flow_bill, trade_bill
from wechat.sandbox.pay_doors import PAY_DOORS
from wechat.sandbox.pay_notification_doors import NOTIFICATION_DOORS
from wechat.sandbox.pay_orders import close, partner_prepay, prepay, query_by_id, query_by_no
from wechat.sandbox.pay_protocol import pay_protocol
from wechat.sandbox.pay_refund_calls import apply_abnormal_refund, query_refund, refund

_DIRECT: Final = "/v3/pay/transactions"
_PARTNER: Final = "/v3/pay/partner/transactions"
_REFUNDS: Final = "/v3/refund/domestic/refunds"

PAY_PROTOCOL: Final = (
    pay_protocol(f"{_DIRECT}/jsapi", "POST", "prepay", prepay),
    pay_protocol(f"{_PARTNER}/jsapi", "POST", "prepay", partner_prepay),
    *(
        route
        for mode in (_DIRECT, _PARTNER)
        for route in (
            pay_protocol(f"{mode}/out-trade-no/{{out_trade_no}}", "GET", "query", query_by_no),
            pay_protocol(f"{mode}/id/{{transaction_id}}", "GET", "query", query_by_id),
            pay_protocol(f"{mode}/out-trade-no/{{out_trade_no}}/close", "POST", "close", close),
        )
    ),
    pay_protocol(_REFUNDS, "POST", "refund", refund),
    pay_protocol(f"{_REFUNDS}/{{out_refund_no}}", "GET", "query_refund", query_refund),
    pay_protocol(f"{_REFUNDS}/{{refund_id}}/apply-abnormal-refund", "POST", "abnormal_refund", apply_abnormal_refund),
    pay_protocol("/v3/certificates", "GET", "certificates", certificates),
    pay_protocol("/v3/bill/tradebill", "GET", "tradebill", trade_bill),
    pay_protocol("/v3/bill/fundflowbill", "GET", "fundflowbill", fund_flow_bill),
    pay_protocol("/v3/billdownload/file", "GET", "billdownload", download_bill),
)

PAY_ROUTES: Final = (*PAY_PROTOCOL, *PAY_DOORS, *NOTIFICATION_DOORS)
