"""Merging customers: every table that names one has a rule, and each rule does what it says."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from clock import wall_now
from ids import new_id
from models.database import Connection, pool, transaction
from resolvers.caller import Caller
from resolvers.customer_merge import MERGE_RULES, finish_merges, merge_customers
from tests.models.rows import insert, whole_shop

_NAMING_CUSTOMERS = """
select conrelid::regclass::text || '.' || a.attname as place
from pg_constraint c
join unnest(c.conkey) k(num) on true
join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.num and a.attname <> 'shop_id'
where c.contype = 'f' and c.confrelid = 'customer'::regclass
"""
THEIRS = "theirs0001"

_COLUMNS = """
select table_name || '.' || column_name as place from information_schema.columns
where table_schema = 'public' and column_name like '%customer_id'
"""


async def test_every_column_that_names_a_customer_has_its_rule(database: None) -> None:
    naming = {row["place"] for row in await pool().fetch(_NAMING_CUSTOMERS)}
    called_so = {row["place"] for row in await pool().fetch(_COLUMNS)}

    # Whose key it is stands in a text, for visitors and staff have keys too.
    assert naming | called_so | {"idempotency_key.actor"} == set(MERGE_RULES)
    assert all(rule.why and rule.statements for rule in MERGE_RULES.values())


class Two:
    """Two customers of a shop with something in every table: `older` has all, `younger` what a test gives them."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.shop = whole_shop()
        for row in self.shop.values():
            row["shop_id"] = caller.shop_id
        self.older: UUID = self.shop["customer"]["id"]
        self.younger = new_id()

    async def give(self, sql: Connection, table: str, **more: Any) -> None:
        """Give the younger one a row like the older's."""
        await insert(sql, table, self.shop[table] | {"id": new_id(), "customer_id": self.younger} | more)


@pytest.fixture
async def two(caller: Caller) -> Two:
    """Two customers who do not know that they are one."""
    found = Two(caller)
    skipped = ("shop", "location", "idempotency_key", "outbox_event")
    async with transaction() as sql:
        for table, row in found.shop.items():
            if table == "location":
                await insert(sql, table, row | {"is_default": False, "name": "仓库二"})
            elif table not in skipped:
                # Any appid will do but the shop's own.
                await insert(sql, table, row | ({"appid": "wxother"} if table == "wechat_app" else {}))
        later = found.shop["customer"]["created_at"] + timedelta(days=1)
        await insert(sql, "customer", found.shop["customer"] | {"id": found.younger, "created_at": later})
    return found


async def rows(table: str, caller: Caller) -> list[dict[str, Any]]:
    return [dict(row) for row in await pool().fetch(f"select * from {table} where shop_id = $1", caller.shop_id)]


async def merged(two: Two) -> UUID:
    async with transaction() as sql:
        return await merge_customers(sql, two.caller, [two.younger, two.older])


async def test_the_older_has_what_the_younger_had(two: Two) -> None:
    async with transaction() as sql:
        await two.give(sql, "identity", openid="o2")
        await two.give(sql, "session")
        await two.give(sql, "visitor", visitor_id=new_id())
        await two.give(sql, "visit", visit_id=new_id())
        await two.give(sql, "review", external_id=None)
        await two.give(sql, "share_link", token=THEIRS, promoter_id=None)

    assert await merged(two) == two.older

    for table, count in (("identity", 2), ("session", 2), ("visitor", 2), ("visit", 2), ("review", 2)):
        assert [row["customer_id"] for row in await rows(table, two.caller)] == [two.older] * count, table
    links = {row["token"]: row["customer_id"] for row in await rows("share_link", two.caller)}
    assert links[THEIRS] == two.older
    gone = next(row for row in await rows("customer", two.caller) if row["id"] == two.younger)
    assert gone["merged_into"] == two.older


async def test_of_each_consent_the_later_word_stands(two: Two) -> None:
    given_at = two.shop["consent"]["given_at"]
    async with transaction() as sql:
        await two.give(sql, "consent", policy_version="2", given_at=given_at + timedelta(hours=1))
        await two.give(sql, "consent", kind="TERMS", policy_version="3")

    await merged(two)

    consents = await rows("consent", two.caller)
    assert {row["customer_id"] for row in consents} == {two.older}
    assert {(row["kind"], row["policy_version"]): row["is_current"] for row in consents} == {
        ("PRIVACY", "1"): False, ("PRIVACY", "2"): True, ("TERMS", "3"): True,
    }  # fmt: skip


async def test_taking_back_counts_as_a_later_word(two: Two) -> None:
    given_at = two.shop["consent"]["given_at"]
    async with transaction() as sql:
        await two.give(sql, "consent", policy_version="2", given_at=given_at + timedelta(hours=1))
        await sql.execute(
            "update consent set withdrawn_at = $2 where customer_id = $1", two.older, given_at + timedelta(hours=2)
        )

    await merged(two)

    current = [row for row in await rows("consent", two.caller) if row["is_current"]]
    assert [(row["policy_version"], row["withdrawn_at"] is None) for row in current] == [("1", False)]


async def test_what_came_late_under_the_older_id_follows(two: Two) -> None:
    await merged(two)
    async with transaction() as sql:
        await two.give(sql, "favourite", product_id=None)
        await two.give(sql, "consent", kind="TERMS")

    assert await finish_merges(wall_now(), two.caller.shop_id) == 1
    assert await finish_merges(wall_now() + timedelta(seconds=61), two.caller.shop_id) == 0

    for table in ("favourite", "consent"):
        assert {row["customer_id"] for row in await rows(table, two.caller)} == {two.older}, table


async def test_what_both_like_is_liked_once(two: Two) -> None:
    async with transaction() as sql:
        await two.give(sql, "favourite")
        await two.give(sql, "favourite", product_id=None)

    await merged(two)

    liked = [(row["customer_id"], row["product_id"]) for row in await rows("favourite", two.caller)]
    product = two.shop["product"]["id"]
    assert sorted(liked, key=str) == sorted([(two.older, product), (two.older, None)], key=str)


async def test_a_second_promoters_links_go_to_the_first(two: Two) -> None:
    theirs = new_id()
    async with transaction() as sql:
        await two.give(sql, "promoter", id=theirs, staff_id=None)
        link = two.shop["share_link"] | {"id": new_id(), "token": THEIRS, "promoter_id": theirs}
        await insert(sql, "share_link", link)

    await merged(two)

    promoters = {row["id"]: row for row in await rows("promoter", two.caller)}
    mine = two.shop["promoter"]["id"]
    assert {row["promoter_id"] for row in await rows("share_link", two.caller)} == {mine}
    assert (promoters[mine]["customer_id"], promoters[mine]["active"]) == (two.older, True)
    assert (promoters[theirs]["customer_id"], promoters[theirs]["active"]) == (None, False)


async def test_a_promoter_follows_who_has_none(two: Two) -> None:
    theirs = new_id()
    async with transaction() as sql:
        await sql.execute("update promoter set customer_id = null where customer_id = $1", two.older)
        await two.give(sql, "promoter", id=theirs, staff_id=None)

    await merged(two)

    promoters = {row["id"]: row for row in await rows("promoter", two.caller)}
    assert (promoters[theirs]["customer_id"], promoters[theirs]["active"]) == (two.older, True)


async def test_the_survivor_keeps_a_phone_or_takes_it_over_and_older_ids_follow(two: Two) -> None:
    eldest = new_id()
    phone = {"phone_sealed": b"-", "phone_hash": bytes(32), "phone_masked": "138****0000"}
    first = two.shop["customer"]["created_at"] - timedelta(days=1)
    async with transaction() as sql:
        await insert(sql, "customer", two.shop["customer"] | {"id": eldest, "created_at": first})
        await sql.execute(
            "update customer set phone_sealed = $2, phone_hash = $3, phone_masked = $4 where id = $1",
            two.younger, *phone.values(),
        )  # fmt: skip
    await merged(two)
    async with transaction() as sql:
        assert await merge_customers(sql, two.caller, [two.older, eldest]) == eldest

    found = {row["id"]: row for row in await rows("customer", two.caller)}
    assert {id_: row["merged_into"] for id_, row in found.items()} == {
        eldest: None, two.older: eldest, two.younger: eldest,
    }  # fmt: skip
    assert {id_: row["phone_masked"] for id_, row in found.items()} == {
        eldest: "138****0000", two.older: None, two.younger: None,
    }  # fmt: skip
    events = [row for row in await rows("outbox_event", two.caller) if row["topic"] == "customer.merged"]
    assert [event["aggregate_id"] for event in events] == [two.younger, two.older]
    told = [row["aggregate_id"] for row in await rows("outbox_event", two.caller) if row["topic"] == "customer.updated"]
    assert told == [two.older, eldest]


async def test_a_book_of_two_has_the_survivors_default(two: Two) -> None:
    async with transaction() as sql:
        await two.give(sql, "address", tag="公司")

    await merged(two)

    book = {row["tag"]: (row["customer_id"], row["is_default"]) for row in await rows("address", two.caller)}
    assert book == {"家": (two.older, True), "公司": (two.older, False)}


async def test_who_has_no_address_takes_over_the_default(two: Two) -> None:
    async with transaction() as sql:
        await sql.execute("delete from address where customer_id = $1", two.older)
        await two.give(sql, "address", tag="公司")

    await merged(two)

    assert [(row["customer_id"], row["is_default"]) for row in await rows("address", two.caller)] == [(two.older, True)]


async def test_seats_teams_and_invitations_of_the_younger_are_the_olders(two: Two) -> None:
    team, seat = new_id(), new_id()
    async with transaction() as sql:
        await insert(sql, "group_buy_team", two.shop["group_buy_team"] | {"id": team, "leader_id": two.younger})
        theirs = {"id": seat, "team_id": team, "order_id": None, "order_line_id": None, "invited_by": two.younger}
        await two.give(sql, "group_buy_seat", **theirs)

    await merged(two)

    seats = {row["id"]: row for row in await rows("group_buy_seat", two.caller)}
    assert (seats[seat]["customer_id"], seats[seat]["invited_by"]) == (two.older, two.older)
    assert {row["leader_id"] for row in await rows("group_buy_team", two.caller)} == {two.older}


@pytest.mark.parametrize(("state", "whose"), [("JOINED", "younger"), ("RELEASED", "older")])
async def test_a_team_in_which_both_sit_keeps_both(two: Two, state: str, whose: str) -> None:
    seat = new_id()
    async with transaction() as sql:
        await sql.execute(
            "update group_buy_team set leader_id = $1 where shop_id = $2", two.younger, two.caller.shop_id
        )
        await two.give(sql, "group_buy_seat", id=seat, order_id=None, order_line_id=None, state=state)

    await merged(two)

    seats = {row["id"]: row["customer_id"] for row in await rows("group_buy_seat", two.caller)}
    assert seats == {seat: getattr(two, whose), two.shop["group_buy_seat"]["id"]: two.older}
    assert [row["leader_id"] for row in await rows("group_buy_team", two.caller)] == [getattr(two, whose)]
