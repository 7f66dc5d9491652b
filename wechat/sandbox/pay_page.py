"""A page to pay as the user: the pay sheet of `wx.requestPayment` with buttons."""

import html
from datetime import datetime
from typing import Final

from wechat.sandbox.pay_payments import Payment
from wechat.sandbox.people import NAMES

_PAGE: Final = """<!doctype html>
<html lang="zh-CN"><meta charset="utf-8"><title>微信支付（沙箱）</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body{{font:16px sans-serif;max-width:24em;margin:3em auto;text-align:center}}
button,input{{width:100%;box-sizing:border-box;margin:.3em 0;padding:.6em;border:1px solid #07c160;border-radius:4px;
background:#fff;color:#07c160;font:inherit}}button#success{{background:#07c160;color:#fff}}
strong{{font-size:2em}}</style>
<h1>微信支付</h1>{body}</html>"""
# Sends what a button says to the door of the same address, and shows its answer.
_SCRIPT: Final = """<output id="answer"></output><script>
for (const button of document.querySelectorAll("button")) button.onclick = async () => {
  const asked = {prepay_id: PREPAY, outcome: button.id};
  const payer = document.querySelector("#payer").value;
  if (payer) asked.payer = payer;
  const answer = await fetch(location.pathname, {method: "POST", body: JSON.stringify(asked)});
  const said = await answer.json();
  document.querySelector("#answer").textContent = said.errMsg || said.message;
};
</script>"""


def pay_page(payment: Payment, now: datetime) -> str:
    """Return the page of an order."""
    yuan = f"{payment.total_fen / 100:.2f}"
    what = html.escape(str(payment.asked.get("description", "")))
    state = payment.told(now)["trade_state_desc"]
    known = "".join(f'<option value="{name}">' for name in NAMES)
    body = (
        f"<p>{what}</p><p><strong>¥{yuan}</strong></p><p id='state'>{state}</p>"
        '<button id="success">支付</button><button id="cancel">取消</button><button id="fail">支付失败</button>'
        f'<input id="payer" list="people" pattern="[\\w\\-]+" placeholder="由好友代付">'
        f'<datalist id="people">{known}</datalist>'
    )
    # A prepay_id is letters and digits.
    return _PAGE.format(body=body + _SCRIPT.replace("PREPAY", f'"{payment.prepay_id}"'))


def no_such_order() -> str:
    """Return the page for a number that leads nowhere."""
    return _PAGE.format(body="<p>没有这个订单</p>")
