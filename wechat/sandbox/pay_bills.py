"""Platform certificates and bills of the sandbox's WeChat Pay: what a merchant fetches, sealed or by address."""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from models.database import pool
from wechat.sandbox.pay_faults import PayCode, PayFault
from wechat.sandbox.pay_orders import sub_merchant_shop
from wechat.sandbox.pay_protocol import PayAnswer, PayCall
from wechat.sandbox.pay_ring import ring_of
from wechat.sandbox.pay_signing import seal
from wechat.sandbox.pay_time import CHINA, stamp, time_of

READY_AT: Final = time(10)
"""On the day after, in China."""
KINDS: Final = ("tradebill", "fundflowbill")
_DAY: Final = timedelta(days=1)
_TRADE_HEAD: Final = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,"
    "应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,"
    "订单金额,申请退款金额,费率备注"
)
_TRADE_FOOT: Final = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
_FLOW_HEAD: Final = (
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额（元）,"
    "账户结余（元）,资金变更提交申请人,备注,业务凭证号"
)
_FLOW_FOOT: Final = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额"

_TRADES = """
select t.paid_at as at, t.appid, t.mchid, t.sub_mchid, t.transaction_id, t.out_trade_no, t.payer_openid,
    t.paid_fen, t.asked ->> 'description' as description, coalesce(t.asked ->> 'attach', '') as attach,
    '' as refund_id, '' as out_refund_no, 0::bigint as refund_fen, '' as status
from wechat_sandbox.pay_transaction t
where t.mchid = $1 and t.paid_at >= $2 and t.paid_at < $3 and ($4::text is null or t.sub_mchid = $4)
union all
select r.made_at, t.appid, t.mchid, t.sub_mchid, t.transaction_id, t.out_trade_no, t.payer_openid,
    t.paid_fen, t.asked ->> 'description', coalesce(t.asked ->> 'attach', ''),
    r.refund_id, r.out_refund_no, r.amount_fen, r.status
from wechat_sandbox.pay_refund r join wechat_sandbox.pay_transaction t on t.id = r.payment_id
where r.mchid = $1 and r.made_at >= $2 and r.made_at < $3 and ($4::text is null or r.sub_mchid = $4)
order by 1
"""
_FLOWS = """
select id, at, kind, credit, amount_fen, transaction_id, refund_id,
    sum(case when credit = 'merchant' then amount_fen else -amount_fen end) over (order by id) as balance_fen
from wechat_sandbox.pay_ledger
where mchid = $1 and ($2::text is null or sub_mchid = $2) and (credit = 'merchant' or debit = 'merchant')
order by id
"""


async def certificates(call: PayCall) -> PayAnswer:
    """`GET /v3/certificates`: sealed with the APIv3 key; merchants with a public key have none."""
    ring = await ring_of(call.merchant)
    if not ring.certificates:
        raise PayFault(PayCode.RESOURCE_NOT_EXISTS, "无可用的平台证书，请在商户平台-API安全申请使用微信支付公钥")
    listed = [
        {
            "serial_no": key.serial,
            "effective_time": stamp(key.effective_at),
            "expire_time": stamp(key.expires_at),
            "encrypt_certificate": seal((key.certificate_pem or "").encode(), call.merchant.api_v3_key, "certificate"),
        }
        for key in ring.certificates
    ]
    return PayAnswer({"data": listed})


async def trade_bill(call: PayCall) -> PayAnswer:
    """`GET /v3/bill/tradebill`."""
    return await _offered(call, "tradebill")


async def fund_flow_bill(call: PayCall) -> PayAnswer:
    """`GET /v3/bill/fundflowbill`."""
    return await _offered(call, "fundflowbill")


async def download_bill(call: PayCall) -> PayAnswer:
    """`GET /v3/billdownload/file`: by an address that was given out, and signed like any other question."""
    kind, _, rest = call.query.get("token", "").partition(".")
    day, _, rest = rest.partition(".")
    sub_mchid, _, proof = rest.partition(".")
    if not hmac.compare_digest(proof.encode(), _proof(call, kind, day, sub_mchid).encode()):
        raise PayFault(PayCode.NO_AUTH, "无效的token")
    return PayAnswer(await _bill(call.merchant.mchid, kind, date.fromisoformat(day), sub_mchid or None))


async def _offered(call: PayCall, kind: str) -> PayAnswer:
    day = _day(call.query.get("bill_date", ""))
    sub_mchid = call.query.get("sub_mchid", "")
    if call.query.get("tar_type"):
        raise PayFault(PayCode.PARAM_ERROR, "沙箱的账单不压缩", field="tar_type")
    now = (await time_of(await sub_merchant_shop(call.merchant, sub_mchid))).astimezone(CHINA)
    if day >= now.date():
        raise PayFault(PayCode.INVALID_REQUEST, "账单日期必须早于今天", field="bill_date")
    if now < datetime.combine(day + _DAY, READY_AT, CHINA):
        raise PayFault(PayCode.STATEMENT_CREATING)
    bill = await _bill(call.merchant.mchid, kind, day, sub_mchid or None)
    token = f"{kind}.{day}.{sub_mchid}.{_proof(call, kind, str(day), sub_mchid)}"
    url = f"{call.home}/v3/billdownload/file?token={token}"
    digest = hashlib.sha1(bill, usedforsecurity=False).hexdigest()
    return PayAnswer({"hash_type": "SHA1", "hash_value": digest, "download_url": url})


def _proof(call: PayCall, *words: str) -> str:
    return hmac.new(call.merchant.api_v3_key.encode(), "\n".join(words).encode(), hashlib.sha256).hexdigest()


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise PayFault(PayCode.PARAM_ERROR, "账单日期格式有误", field="bill_date") from None


async def _bill(mchid: str, kind: str, day: date, sub_mchid: str | None) -> bytes:
    begins = datetime.combine(day, time(0), CHINA)
    if kind == "tradebill":
        rows = await pool().fetch(_TRADES, mchid, begins, begins + _DAY, sub_mchid)
        lines, foot = [_trade(row) for row in rows], (_TRADE_FOOT, _trade_sums(rows))
        head = _TRADE_HEAD
    else:
        every = await pool().fetch(_FLOWS, mchid, sub_mchid)
        rows = [row for row in every if begins <= row["at"] < begins + _DAY]
        lines, foot = [_flow(row) for row in rows], (_FLOW_FOOT, _flow_sums(rows))
        head = _FLOW_HEAD
    if not rows:
        raise PayFault(PayCode.NO_STATEMENT_EXIST)
    # With the mark of UTF-8 before it and the line ends of Windows, as the real ones.
    return "".join(f"{line}\r\n" for line in (f"\ufeff{head}", *lines, *foot)).encode()


def _trade(row: Any) -> str:  # noqa: ANN401 - a row
    is_refund = bool(row["refund_id"])
    paid = 0 if is_refund else row["paid_fen"]
    return _ticked(
        f"{row['at'].astimezone(CHINA):%Y-%m-%d %H:%M:%S}", row["appid"], row["mchid"], row["sub_mchid"] or "0", "",
        row["transaction_id"], row["out_trade_no"], row["payer_openid"], "JSAPI", "REFUND" if is_refund else "SUCCESS",
        "OTHERS", "CNY", _yuan(paid), "0.00", row["refund_id"] or "0", row["out_refund_no"] or "0",
        _yuan(row["refund_fen"]), "0.00", "ORIGINAL" if is_refund else "", row["status"],
        row["description"].replace(",", "，"), row["attach"], "0.00000", "0.60%", _yuan(paid),
        _yuan(row["refund_fen"]), "",
    )  # fmt: skip


def _trade_sums(rows: Sequence[Any]) -> str:
    paid = _yuan(sum(row["paid_fen"] for row in rows if not row["refund_id"]))
    refunded = _yuan(sum(row["refund_fen"] for row in rows))
    return _ticked(str(len(rows)), paid, refunded, "0.00", "0.00", paid, refunded)


def _flow(row: Any) -> str:  # noqa: ANN401 - a row
    name = "交易" if row["kind"] == "PAYMENT" else "退款"
    way = "收入" if row["credit"] == "merchant" else "支出"
    return _ticked(
        f"{row['at'].astimezone(CHINA):%Y-%m-%d %H:%M:%S}", row["transaction_id"], str(row["id"]), name, name, way,
        _yuan(row["amount_fen"]), _yuan(int(row["balance_fen"])), "system", "",
        row["refund_id"] or row["transaction_id"],
    )  # fmt: skip


def _flow_sums(rows: Sequence[Any]) -> str:
    come = [row["amount_fen"] for row in rows if row["credit"] == "merchant"]
    gone = [row["amount_fen"] for row in rows if row["credit"] != "merchant"]
    return _ticked(str(len(rows)), str(len(come)), _yuan(sum(come)), str(len(gone)), _yuan(sum(gone)))


def _ticked(*words: str) -> str:
    """Put a back-tick before every word, so that no spreadsheet takes a number for its own."""
    return ",".join(f"`{word}" for word in words)


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"
