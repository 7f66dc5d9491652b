"""Rules of teams that other shops are known to break: limits, frozen prices, audiences, links, and the ways in."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from models.database import pool
from tests.harness.asking import Answer, Refused
from tests.harness.buying import Buyer, buyer, on_sale
from tests.harness.paying import all_right, count, inside, later, payer, settled
from tests.harness.shops import SandboxShop
from tests.harness.teams import (
    JOIN,
    START,
    begun,
    joined,
    joins,
    open_group_buy,
    seat_quote,
    seat_wish,
    starts,
    team_of,
    tries_to_join,
    tries_to_start,
)
from tests.journeys.test_group_buys import END, changes

FEN = 3000


def one(code: str, field: str) -> list[Refused]:
    return [Refused(code, f"input.{field}" if field else "")]


async def shirt_of(shop: SandboxShop, pieces: int = 20) -> str:
    [shirt] = await on_sale(shop, "shirt", pieces, fen=5000)
    return shirt


async def test_the_limit_of_a_person_holds_on_their_first_order(shop: SandboxShop) -> None:
    shirt = await shirt_of(shop)
    offer = await open_group_buy(shop, {shirt: [FEN]}, sizes=[2], per_person=2, per_order=3)
    ming = await buyer(shop)

    first = await tries_to_start(ming, offer, shirt, quantity=3, total=3 * FEN)
    both = await tries_to_start(ming, offer, shirt, quantity=4, total=4 * FEN)
    await starts(ming, offer, shirt, quantity=2)
    again = await tries_to_start(ming, offer, shirt, total=FEN)

    assert first.refusals == one("LIMIT_REACHED", "source.offer.quantity")
    assert [(error.code, error.more["limit"], error.more["used"]) for error in both.refusals] == [
        ("LIMIT_REACHED", 3, 4), ("LIMIT_REACHED", 2, 0),
    ]  # fmt: skip
    assert [(error.more["limit"], error.more["used"]) for error in again.refusals] == [(2, 2)]
    assert await all_right(shop)


async def test_what_was_let_go_or_given_back_no_longer_counts_against_a_person(shop: SandboxShop) -> None:
    shirt = await shirt_of(shop)
    offer = await open_group_buy(shop, {shirt: [FEN]}, sizes=[2], per_person=1, stock=1)
    ming = await payer(shop)

    await starts(ming, offer, shirt)
    await later(shop, timedelta(minutes=31))
    team = await begun(shop, ming, offer, shirt)
    taken = await tries_to_start(ming, offer, shirt, total=FEN)
    await later(shop, timedelta(hours=25))
    await settled(shop)
    await starts(ming, offer, shirt)

    assert {error.code for error in taken.refusals} == {"LIMIT_REACHED", "OUT_OF_STOCK"}
    assert (await team_of(ming, team))["state"] == "FAILED"
    assert await count(shop, "group_buy_variant", "taken = 1") == 1
    assert await all_right(shop)


async def test_nobody_is_in_one_team_twice(shop: SandboxShop) -> None:
    """Neither its leader, nor who holds a seat without having paid."""
    shirt = await shirt_of(shop)
    offer = await open_group_buy(shop, {shirt: [FEN]}, sizes=[3])
    ming, hong = await payer(shop), await buyer(shop, "小红")
    team = await begun(shop, ming, offer, shirt)
    await joins(hong, offer, shirt, team)

    for who in (ming, hong):
        answer = await tries_to_join(who, offer, shirt, team, total=FEN)
        assert answer.refusals == one("ALREADY_JOINED", "source.offer.instanceId")
        assert answer["groupBuyTeamJoin"]["otherTeams"] == []
    assert (await team_of(ming, team))["seatsLeft"] == 1


async def test_a_team_keeps_the_price_it_was_started_at(shop: SandboxShop) -> None:
    """Staff ask for more and then for less; who joins pays as the leader did, who starts pays as it is now."""
    shirt = await shirt_of(shop)
    offer = await open_group_buy(shop, {shirt: [3000]}, sizes=[3])
    ming, hong, lan = await payer(shop), await buyer(shop, "小红"), await buyer(shop, "小兰")
    team = await begun(shop, ming, offer, shirt)

    for fen, who in ((4000, hong), (2000, lan)):
        prices = [{"variantId": shirt, "prices": [{"fen": fen}]}]
        assert (await changes(shop, {"id": offer}, variants=prices)).refusals == []
        assert (await joins(who, offer, shirt, team))["order"]["total"]["fen"] == 3000
        assert (await starts(who, offer, shirt))["order"]["total"]["fen"] == fen
    assert await count(shop, "group_buy_seat", "price_paid_fen = 3000") == 3
    assert await all_right(shop)


async def test_a_quote_of_before_a_change_is_answered_with_the_new_price(shop: SandboxShop) -> None:
    shirt = await shirt_of(shop)
    offer = await open_group_buy(shop, {shirt: [3000]}, sizes=[2])
    ming = await buyer(shop)
    quoted = await seat_quote(ming, offer, shirt)
    assert (await changes(shop, {"id": offer}, variants=[{"variantId": shirt, "prices": [{"fen": 3500}]}])).data

    by_total = await tries_to_start(ming, offer, shirt, total=quoted["total"]["fen"])
    by_token = await ming.ask(START, {"input": _by_token(ming, quoted["token"])})
    new = by_token["groupBuyTeamStart"]["quote"]
    taken = await ming.ask(START, {"input": _by_token(ming, new["token"])})

    for answer in (by_total, by_token):
        assert [error.code for error in answer.refusals] == ["PRICE_CHANGED"]
        assert answer["groupBuyTeamStart"]["quote"]["total"]["fen"] == 3500
    assert taken["groupBuyTeamStart"]["order"]["total"]["fen"] == 3500


def _by_token(who: Buyer, token: str) -> dict[str, Any]:
    return {**who.wish(), "source": {"quoteToken": token}}


async def test_each_way_of_buying_has_its_own_mutation(shop: SandboxShop) -> None:
    shirt = await shirt_of(shop)
    offer = await open_group_buy(shop, {shirt: [FEN]}, sizes=[3])
    team = await begun(shop, await payer(shop), offer, shirt)
    hong = await buyer(shop, "小红")
    seat, beginning = [(await seat_quote(hong, offer, shirt, where))["token"] for where in (team, None)]
    goods = await hong.quotes((shirt, 1))
    place = "mutation ($input: PlacementInput!) { orderPlace(input: $input) { userErrors { code field message } } }"

    async def tries(document: str, wish: dict[str, Any]) -> Answer:
        return await hong.ask(document, {"input": wish})

    for document, wish, needed in (
        (place, seat_wish(hong, offer, shirt, team, total=FEN), "groupBuyTeamJoin"),
        (place, seat_wish(hong, offer, shirt, None, total=FEN), "groupBuyTeamStart"),
        (place, _by_token(hong, seat), "groupBuyTeamJoin"),
        (JOIN, seat_wish(hong, offer, shirt, None, total=FEN), "groupBuyTeamStart"),
        (JOIN, _by_token(hong, beginning), "groupBuyTeamStart"),
        (START, seat_wish(hong, offer, shirt, team, total=FEN), "groupBuyTeamJoin"),
        (START, hong.wish((shirt, 1), total=5000), "orderPlace"),
        (JOIN, _by_token(hong, goods["token"]), "orderPlace"),
    ):
        answer = await tries(document, wish)
        assert answer.refusals == one("NOT_ALLOWED", "source")
        assert needed in answer.refusals[0].message
    taken = await tries(JOIN, _by_token(hong, seat))
    assert taken.refusals == []
    assert taken["groupBuyTeamJoin"]["team"]["id"] == team


async def test_who_is_not_logged_in_is_asked_to(shop: SandboxShop) -> None:
    shirt = await shirt_of(shop)
    offer = await open_group_buy(shop, {shirt: [FEN]}, sizes=[2])
    team = await begun(shop, await payer(shop), offer, shirt)
    nobody = Buyer(shop, shop.visitor.also(x_visitor_id=str(uuid4())), shop.id)

    started = await nobody.ask(START, {"input": seat_wish(nobody, offer, shirt, None, total=FEN)})
    following = await nobody.ask(JOIN, {"input": seat_wish(nobody, offer, shirt, team, total=FEN)})
    left = await nobody.ask(
        'mutation ($id: ID!) { groupBuyTeamLeave(teamId: $id, idempotencyKey: "k") { userErrors { code } } }',
        {"id": team},
    )  # fmt: skip

    assert [answer.refusals[0].code for answer in (started, following, left)] == ["LOGIN_REQUIRED"] * 3
    # The price may be asked by anybody.
    assert (await seat_quote(nobody, offer, shirt, team))["total"]["fen"] == FEN


async def test_what_does_not_exist_is_not_found(shop: SandboxShop, other_shop: SandboxShop) -> None:
    shirt, cup = await shirt_of(shop), (await on_sale(shop, "cup", 5))[0]
    offer = await open_group_buy(shop, {shirt: [FEN]}, sizes=[2])
    second = await open_group_buy(shop, {cup: [100]}, sizes=[2])
    theirs = (await on_sale(other_shop, "shirt", 5))[0]
    foreign = await open_group_buy(other_shop, {theirs: [100]}, sizes=[2])
    team = await begun(shop, await payer(shop), offer, shirt)
    ming = await buyer(shop)
    await pool().execute("update group_buy set status = 'DRAFT' where id = $1", inside("gbo", second))

    for id_, variant, instance, field in (
        ("gbo_" + "0" * 32, shirt, None, "id"),
        ("bgn_" + "0" * 32, shirt, None, "id"),
        ("nonsense", shirt, None, "id"),
        (foreign, theirs, None, "id"),
        (second, cup, None, "id"),
        (offer, shirt, "gbt_" + "0" * 32, "instanceId"),
        (offer, shirt, "nonsense", "instanceId"),
        (offer, cup, None, "variantId"),
        (offer, cup, team, "variantId"),
    ):
        document = START if instance is None else JOIN
        answer = await ming.ask(document, {"input": seat_wish(ming, id_, variant, instance, total=FEN)})
        assert ("NOT_FOUND", f"input.source.offer.{field}") in {(one.code, one.field) for one in answer.refusals}, id_
    await pool().execute("update group_buy set status = 'PUBLISHED' where id = $1", inside("gbo", second))
    # A team is found through its own offer alone.
    answer = await ming.ask(JOIN, {"input": seat_wish(ming, second, cup, team, total=100)})
    assert answer.refusals == one("NOT_FOUND", "source.offer.instanceId")


async def test_an_offer_that_staff_end_lets_teams_under_way_go_on(shop: SandboxShop) -> None:
    shirt = await shirt_of(shop)
    offer = await open_group_buy(shop, {shirt: [FEN]}, sizes=[2])
    ming, hong = await payer(shop), await payer(shop, "小红")
    team = await begun(shop, ming, offer, shirt)
    opening = await starts(hong, offer, shirt)
    assert (await shop.staff(END, {"id": offer})).refusals == []

    refused = await tries_to_start(hong, offer, shirt, total=FEN)
    await joined(shop, hong, offer, shirt, team)
    await hong.has_paid(opening["order"]["id"])
    await settled(shop)

    assert refused.refusals == one("OFFER_CLOSED", "source.offer.id")
    assert (await team_of(ming, team))["state"] == "SUCCEEDED"
    # Whoever had placed before the end is not sent away either.
    assert (await team_of(hong, opening["team"]["id"]))["state"] == "FORMING"
    assert await all_right(shop)


async def test_teams_are_started_within_the_window_and_joined_until_a_minute_before_they_end(
    shop: SandboxShop,
) -> None:
    shirt = await shirt_of(shop)
    offer = await open_group_buy(shop, {shirt: [FEN]}, sizes=[2], days=1, hours=2)
    ming, hong = await payer(shop), await payer(shop, "小红")
    await later(shop, timedelta(hours=23))
    team = await begun(shop, ming, offer, shirt)

    await later(shop, timedelta(minutes=61))
    over = await tries_to_start(hong, offer, shirt, total=FEN)
    await later(shop, timedelta(minutes=50))
    order = (await joins(hong, offer, shirt, team))["order"]
    pending = await pool().fetchrow(
        "select o.expires_at, t.expires_at as ends from orders o, group_buy_team t where o.id = $1 and t.id = $2",
        inside("ord", order["id"]), inside("gbt", team),
    )  # fmt: skip
    await later(shop, timedelta(minutes=8))
    late = await tries_to_join(await buyer(shop, "小兰"), offer, shirt, team, total=FEN)
    await settled(shop)
    failed = await team_of(ming, team)

    assert over.refusals == one("OFFER_CLOSED", "source.offer.id")
    assert pending
    assert pending["expires_at"] == pending["ends"] - timedelta(minutes=1)
    assert [error.code for error in late.refusals] == ["TEAM_ENDED"]
    assert failed["state"] == "FORMING"
    assert await all_right(shop)
