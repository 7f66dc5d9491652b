"""Cards of teams in chats, as people there see them, and a WeChat that will not change them."""

import dataclasses
from typing import Any, Final

from clock import wall_now
from ids import decode_id
from models.database import pool
from resolvers.group_buy_card_update import update_cards
from tests.harness.buying import on_sale
from tests.harness.paying import Payer, payer, settled, wechat_pay
from tests.harness.shops import SandboxShop
from tests.harness.teams import joins, open_group_buy, starts
from wechat.sandbox.app import PATH

CREATE: Final = "activityid/create"
UPDATE: Final = "updatablemsg/send"
SHARE_CARD: Final = """query ($id: ID!) {
  groupBuyTeam(id: $id) { state joined version shareToken shareCard { title path activityId imageUrl } }
}"""


@dataclasses.dataclass(frozen=True, slots=True)
class Round:
    """A team of three that forms, led by who has paid."""

    shop: SandboxShop
    offer: str
    variant: str
    team: str
    leader: Payer
    order: str

    async def grows(self) -> str:
        """Let one more join and pay, and the shop come to rest; returns the order."""
        friend = await payer(self.shop)
        order: str = (await joins(friend, self.offer, self.variant, self.team))["order"]["id"]
        await friend.has_paid(order)
        await settled(self.shop)
        return order

    async def looks(self) -> Any:
        """The team, as its page reads it."""
        return (await self.leader.ask(SHARE_CARD, {"id": self.team}))["groupBuyTeam"]

    async def telling(self) -> tuple[str, str]:
        """How telling WeChat of the team goes, and what went wrong."""
        row = await pool().fetchrow(
            "select telling, last_error from group_buy_card where shop_id = $1 and team_id = $2",
            self.shop.id,
            decode_id("gbt", self.team),
        )
        assert row
        return row["telling"], " ".join(row["last_error"].split()[:2])


async def begins(shop: SandboxShop) -> Round:
    """Let somebody start a team of three and pay, and the shop come to rest."""
    [variant] = await on_sale(shop, "t1", 20, fen=5000)
    offer = await open_group_buy(shop, {variant: [3000]}, sizes=[3])
    leader = await payer(shop)
    begun = await starts(leader, offer, variant)
    await leader.has_paid(begun["order"]["id"])
    await settled(shop)
    return Round(shop, offer, variant, begun["team"]["id"], leader, begun["order"]["id"])


async def cards(shop: SandboxShop) -> list[dict[str, Any]]:
    """All cards that were made in the shop's mini-program, the oldest first."""
    found: list[dict[str, Any]] = await wechat_pay(shop, "/cards", method="GET", appid=shop.app.appid)
    return found


def said_on(card: dict[str, Any]) -> list[str]:
    """What a card said, one thing after the other: `1/3`, `2/3`, `1` for the state that has no number."""
    return [
        f"{one['said']['member_count']}/{one['said']['room_limit']}" if one["state"] == 0 else str(one["state"])
        for one in card["updates"]
    ]


async def asked(shop: SandboxShop, call: str) -> int:
    """How often WeChat was asked."""
    return len(await wechat_pay(shop, "/calls", method="GET", appid=shop.app.appid, call=call))


async def refuses(shop: SandboxShop, call: str, errcode: int | None, times: int = 1000) -> None:
    """Have WeChat refuse a call until it is forgiven; without a number it does it, and its answer gets lost."""
    how = {"kind": "ERROR", "errcode": errcode} if errcode is not None else {"kind": "LOST_ANSWER"}
    await wechat_pay(shop, "/switches", appid=shop.app.appid, call=call, times=times, **how)


async def forgives(shop: SandboxShop) -> None:
    """Have WeChat do as it is asked again."""
    answer = await shop.http.delete(f"{PATH}/switches", params={"appid": shop.app.appid})
    assert answer.is_success, answer.text


async def hurried(shop: SandboxShop) -> None:
    """Let the time pass that a card waits, or was in the hand of somebody who is gone, and the shop come to rest."""
    await pool().execute(
        "update group_buy_card set next_attempt_at = $2, leased_until = null"
        " where shop_id = $1 and telling = 'WAITING'",
        shop.id,
        wall_now(),
    )
    await update_cards(wall_now(), shop.id)
    await settled(shop)
