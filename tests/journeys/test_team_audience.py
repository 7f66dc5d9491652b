"""Who may take part in a team: new customers, those whom somebody brought; and what is kept of who brought whom."""

from models.database import pool
from tests.harness.asking import Answer
from tests.harness.buying import buyer, on_sale
from tests.harness.paying import Payer, all_right, count, inside, payer, settled, wechat_pay
from tests.harness.refunding import ledger
from tests.harness.shops import SandboxShop
from tests.harness.teams import begun, joins, open_group_buy, starts, team_of, tries_to_join, tries_to_start
from tests.journeys.test_team_pages import SHARE

FEN = 3000
OFFER = "source.offer"


async def shirt_of(shop: SandboxShop) -> str:
    [shirt] = await on_sale(shop, "shirt", 20, fen=5000)
    return shirt


async def has_bought(who: Payer, variant: str) -> None:
    """Let somebody be no new customer any more."""
    order = await who.places((variant, 1))
    await who.has_paid(order["id"])
    await settled(who.shop)


async def have_one_phone(*people: Payer) -> None:
    """Let the accounts be of one person, by their verified number."""
    await pool().execute(
        "update customer set phone_masked = '138****0000', phone_sealed = '-', phone_hash = $2 where id = any($1)",
        [person.customer_id for person in people],
        bytes(32),
    )


def refused(answer: Answer) -> list[tuple[str, str]]:
    return [(error.code, error.field) for error in answer.refusals]


NOT_NEW = [("NEW_CUSTOMERS_ONLY", f"input.{OFFER}.id")]


async def test_who_has_bought_before_is_refused_when_placing_under_any_account(shop: SandboxShop) -> None:
    shirt = await shirt_of(shop)
    offer = await open_group_buy(shop, {shirt: [FEN]}, sizes=[3], new_customers_only=True)
    ming, hong, second = await payer(shop, "明"), await payer(shop, "红"), await payer(shop, "红二号")
    await has_bought(hong, shirt)
    await have_one_phone(hong, second)
    team = await begun(shop, ming, offer, shirt)

    for who in (hong, second):
        assert refused(await tries_to_start(who, offer, shirt, total=FEN)) == NOT_NEW
        assert refused(await tries_to_join(who, offer, shirt, team, total=FEN)) == NOT_NEW
    # Ming has bought by now, too.
    assert refused(await tries_to_start(ming, offer, shirt, total=FEN)) == NOT_NEW
    assert (await joins(await payer(shop, "兰"), offer, shirt, team))["order"]["id"]
    assert await all_right(shop)


async def test_of_two_accounts_of_one_person_the_first_to_pay_is_new(shop: SandboxShop) -> None:
    """The other one paid in good faith: its notification is taken, and the money goes back."""
    shirt = await shirt_of(shop)
    offer = await open_group_buy(shop, {shirt: [FEN]}, sizes=[2], new_customers_only=True, stock=10)
    ming, hong, second = await payer(shop, "明"), await payer(shop, "红"), await payer(shop, "红二号")
    await have_one_phone(hong, second)
    team = await begun(shop, ming, offer, shirt)
    leading = await starts(second, offer, shirt)
    following = await joins(hong, offer, shirt, team)

    await second.has_paid(leading["order"]["id"])
    await settled(shop)
    said = await hong.has_paid(following["order"]["id"])
    await wechat_pay(shop, f"/notifications/{said['notification']}/send", times=3, parallel=True)
    await settled(shop)

    assert (await team_of(second, leading["team"]["id"]))["state"] == "FORMING"
    now = await team_of(hong, team)
    assert (now["state"], now["joined"], now["seatsLeft"], now["viewerSeat"]["state"]) == ("FORMING", 1, 1, "REFUNDED")
    assert await count(shop, "refund", "reason = 'GROUP_FAILED' and state = 'SUCCEEDED'") == 1
    assert await count(shop, "payment_notification", "next_attempt_at is not null") == 0
    assert await count(shop, "group_buy_variant", "taken = 2") == 1
    assert await ledger(shop) == (2 * FEN, 0)
    assert await all_right(shop)


async def test_a_leader_who_turns_out_not_to_be_new_gets_the_money_back_and_no_team(shop: SandboxShop) -> None:
    """Two teams placed before either was paid: the second would be bought by somebody who has bought."""
    shirt = await shirt_of(shop)
    offer = await open_group_buy(shop, {shirt: [FEN]}, sizes=[2], new_customers_only=True, stock=10)
    ming = await payer(shop)
    first, second = await starts(ming, offer, shirt), await starts(ming, offer, shirt)

    for made in (first, second):
        await ming.has_paid(made["order"]["id"])
        await settled(shop)

    assert (await team_of(ming, first["team"]["id"]))["state"] == "FORMING"
    gone = await team_of(ming, second["team"]["id"])
    assert (gone["state"], gone["viewerSeat"]["state"]) == ("LAPSED", "REFUNDED")
    assert await team_of(await buyer(shop, "小红"), second["team"]["id"]) is None
    assert await ledger(shop) == (FEN, 0)
    assert await all_right(shop)


async def test_a_team_for_those_who_are_brought_is_joined_by_a_link_of_it_alone(shop: SandboxShop) -> None:
    shirt = await shirt_of(shop)
    offer = await open_group_buy(shop, {shirt: [FEN]}, sizes=[5], join_by="SHARE")
    ming, hong, lan = await payer(shop, "明"), await payer(shop, "红"), await payer(shop, "兰")
    team = await begun(shop, ming, offer, shirt)
    other = await begun(shop, await payer(shop, "王"), offer, shirt)
    link = (await team_of(ming, team))["shareToken"]
    elsewhere = (await team_of(ming, other))["shareToken"]
    hongs = (await hong.ask(SHARE, {"id": team, "key": "k"}))["shareCreate"]["shareLink"]["token"]

    over = (await lan.ask(SHARE, {"id": team, "key": "k"}))["shareCreate"]["shareLink"]["token"]
    await pool().execute("update share_link set expires_at = created_at + interval '1 ms' where token = $1", over)

    for token in (None, elsewhere, over, "no-such-token", ""):
        answer = await tries_to_join(lan, offer, shirt, team, total=FEN, share_token=token)
        assert refused(answer) == [("SHARE_ONLY", f"input.{OFFER}.shareToken")], token
    await joins(hong, offer, shirt, team, share_token=link)
    await joins(lan, offer, shirt, team, share_token=hongs)

    rows = await pool().fetch(
        "select customer_id, invited_by from group_buy_seat where team_id = $1 order by created_at", inside("gbt", team)
    )
    assert [(row["customer_id"], row["invited_by"]) for row in rows] == [
        (ming.customer_id, None), (hong.customer_id, ming.customer_id), (lan.customer_id, hong.customer_id),
    ]  # fmt: skip
    assert await all_right(shop)


async def test_nobody_brings_themselves(shop: SandboxShop) -> None:
    shirt = await shirt_of(shop)
    offer = await open_group_buy(shop, {shirt: [FEN]}, sizes=[5], join_by="SHARE")
    ming, hong = await payer(shop, "明"), await buyer(shop, "红")
    team = await begun(shop, ming, offer, shirt)
    own = (await hong.ask(SHARE, {"id": team, "key": "k"}))["shareCreate"]["shareLink"]["token"]

    await tries_to_join(hong, offer, shirt, team, total=FEN, share_token=own)

    assert await count(shop, "group_buy_seat", f"invited_by = customer_id and customer_id = '{hong.customer_id}'") == 0


async def test_others_to_join_are_never_told_of_where_only_links_lead(shop: SandboxShop) -> None:
    shirt = await shirt_of(shop)
    offer = await open_group_buy(shop, {shirt: [FEN]}, sizes=[2], join_by="SHARE")
    team = await begun(shop, await payer(shop, "明"), offer, shirt)
    await begun(shop, await payer(shop, "王"), offer, shirt)
    hong, lan = await payer(shop, "红"), await buyer(shop, "兰")
    link = (await team_of(hong, team))["shareToken"]
    await joins(hong, offer, shirt, team, share_token=link)

    full = await tries_to_join(lan, offer, shirt, team, total=FEN, share_token=link)

    assert [error.code for error in full.refusals] == ["TEAM_FULL"]
    assert full["groupBuyTeamJoin"]["otherTeams"] == []
