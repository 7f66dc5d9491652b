"""Who is asking: keys open a shop, tokens fit their shop and app, and what is remembered is a second old at most."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest

import api.asking_who
import api.identify
from api.asking_who import ALONE_MOST
from api.credentials import Credentials, preferred_language
from api.errors import ErrorCode, RequestError
from api.identify import Identities
from clock import wall_now
from ids import new_id
from models.customer import Customer
from models.database import fetch_row
from models.shop import Shop
from models.staff import Role, Staff
from resolvers.caller import ActorKind, Caller, Language
from resolvers.staff import revoke_tokens, staff_named
from resolvers.tokens import STAFF_AUDIENCE, Bearer, Tokens
from resolvers.visitor_key import create_key, revoke_key
from resolvers.wechat_app import add_app
from settings import Settings
from tests.harness.shops import OpenedShop, open_shop


@dataclass
class Door:
    """The door of the house with nothing remembered, and the keys to write tokens for it."""

    settings: Settings
    tokens: Tokens
    identities: Identities

    async def __call__(self, **said: str) -> Caller:
        """Come in with these credentials."""
        return await self.identities.caller_of(Credentials(**said), "req-1")

    async def refuses(self, **said: str) -> tuple[ErrorCode, str]:
        """Come and be refused; the code and the words."""
        with pytest.raises(RequestError) as refused:
            await self(**said)
        return refused.value.code, refused.value.message

    def staff(self, staff: Staff, version: int = 1, minutes: int = 15) -> str:
        """Return an Authorization of a member of staff."""
        bearer = Bearer(ActorKind.STAFF, staff.shop_id, STAFF_AUDIENCE, staff.id, version)
        return f"Bearer {self.tokens.issue(bearer, minutes)}"

    def customer(self, shop_id: UUID, appid: str, customer_id: UUID) -> str:
        """Return an Authorization of a customer who logged in through an app."""
        return f"Bearer {self.tokens.issue(Bearer(ActorKind.CUSTOMER, shop_id, appid, customer_id, 1))}"


@pytest.fixture
def door(settings: Settings, database: None) -> Door:
    """A door that remembers nobody yet."""
    tokens = Tokens(settings.derive("token"))
    return Door(settings, tokens, Identities(tokens))


async def new_customer(shop_id: UUID, merged_into: UUID | None = None) -> UUID:
    made = await Customer.create(shop_id=shop_id, nickname="小王", merged_into=merged_into, created_at=wall_now())
    return made.id


async def test_a_key_brings_a_visitor_into_its_shop_through_its_app(door: Door, opened: OpenedShop) -> None:
    caller = await door(shop_key=opened.key)

    assert (caller.shop_id, caller.app_id, caller.actor) == (opened.id, opened.app.id, ActorKind.VISITOR)
    assert (caller.subject_id, caller.roles, caller.request_id) == (None, frozenset(), "req-1")
    assert (caller.visitor_id, caller.visit_id, caller.language) == (None, None, "zh-CN")


@pytest.mark.parametrize("key", ["", "xk_nobody", "x" * 65, "nul\0", "ключ"])
async def test_no_key_or_an_unknown_one_is_unauthenticated(door: Door, key: str) -> None:
    code, words = await door.refuses(shop_key=key)
    assert code is ErrorCode.UNAUTHENTICATED
    assert "X-Shop-Key" in words


async def test_a_revoked_key_is_refused(door: Door, opened: OpenedShop) -> None:
    await revoke_key(opened.key)
    assert (await door.refuses(shop_key=opened.key))[0] is ErrorCode.UNAUTHENTICATED


async def test_staff_come_with_or_without_a_key(door: Door, opened: OpenedShop) -> None:
    clerk = await staff_named(opened.id, "小李", [Role.CATALOGUE])
    for said in ({}, {"shop_key": opened.key}):
        caller = await door(authorization=door.staff(clerk), **said)
        assert (caller.shop_id, caller.actor, caller.subject_id) == (opened.id, ActorKind.STAFF, clerk.id)
        assert caller.roles == {Role.CATALOGUE}
        assert caller.app_id == (opened.app.id if said else None)


async def test_an_owner_has_every_role(door: Door, opened: OpenedShop) -> None:
    assert (await door(authorization=door.staff(opened.owner))).roles == frozenset(Role)


async def test_a_token_of_another_shop_than_the_keys_is_forbidden(door: Door, opened: OpenedShop) -> None:
    neighbour = await open_shop(door.settings)
    customer = door.customer(neighbour.id, neighbour.app.appid, await new_customer(neighbour.id))
    for authorization in (door.staff(neighbour.owner), customer):
        code, words = await door.refuses(shop_key=opened.key, authorization=authorization)
        assert (code, words) == (ErrorCode.FORBIDDEN, "The token belongs to another shop than X-Shop-Key")


async def test_a_customers_token_fits_only_the_app_it_was_made_for(door: Door, opened: OpenedShop) -> None:
    shop = await Shop.get(id=opened.id)
    second = await add_app(shop, appid="wxsecond", secret="s", sealing_key=bytes(32))  # noqa: S106 - opens nothing
    key = (await create_key(second)).key
    customer_id = await new_customer(opened.id)
    authorization = door.customer(opened.id, opened.app.appid, customer_id)

    caller = await door(shop_key=opened.key, authorization=authorization)
    assert (caller.actor, caller.subject_id, caller.roles) == (ActorKind.CUSTOMER, customer_id, frozenset())
    code, words = await door.refuses(shop_key=key, authorization=authorization)
    assert (code, words) == (ErrorCode.FORBIDDEN, "The token belongs to another app than X-Shop-Key")


async def test_a_customer_needs_the_shops_key_too(door: Door, opened: OpenedShop) -> None:
    authorization = door.customer(opened.id, opened.app.appid, await new_customer(opened.id))
    assert (await door.refuses(authorization=authorization))[0] is ErrorCode.UNAUTHENTICATED


async def test_the_token_of_a_merged_customer_speaks_for_the_survivor(door: Door, opened: OpenedShop) -> None:
    survivor = await new_customer(opened.id)
    older = await new_customer(opened.id, merged_into=survivor)
    caller = await door(shop_key=opened.key, authorization=door.customer(opened.id, opened.app.appid, older))
    assert caller.subject_id == survivor


@pytest.mark.parametrize("authorization", ["Basic abc", "Bearer", "Bearer ", "Bearer a.b.c", "token", "Bearer é"])
async def test_what_is_no_token_is_unauthenticated(door: Door, opened: OpenedShop, authorization: str) -> None:
    assert (await door.refuses(shop_key=opened.key, authorization=authorization))[0] is ErrorCode.UNAUTHENTICATED


async def test_an_expired_token_is_unauthenticated_and_says_so(
    door: Door, opened: OpenedShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    authorization = door.staff(opened.owner, minutes=1)
    later = wall_now() + timedelta(minutes=2)
    monkeypatch.setattr("resolvers.tokens.wall_now", lambda: later)
    assert await door.refuses(authorization=authorization) == (ErrorCode.UNAUTHENTICATED, "The token has expired")


async def test_staff_who_left_or_whose_tokens_were_revoked_are_unauthenticated(door: Door, opened: OpenedShop) -> None:
    gone = await staff_named(opened.id, "走了", [Role.ORDERS])
    await Staff.filter(id=gone.id).update(active=False)
    revoked = await staff_named(opened.id, "换手机", [Role.ORDERS])
    await revoke_tokens(opened.id, revoked.id)
    nobody = Staff(id=new_id(), shop_id=opened.id)

    for staff in (gone, revoked, nobody):
        assert await door.refuses(authorization=door.staff(staff)) == (
            ErrorCode.UNAUTHENTICATED,
            "The token was revoked",
        )
    assert (await door(authorization=door.staff(revoked, version=2))).subject_id == revoked.id


async def test_a_token_for_staff_of_one_shop_never_finds_the_same_id_in_another(door: Door, opened: OpenedShop) -> None:
    neighbour = await open_shop(door.settings)
    crossed = Staff(id=neighbour.owner.id, shop_id=opened.id)
    assert (await door.refuses(authorization=door.staff(crossed)))[0] is ErrorCode.UNAUTHENTICATED


async def test_visitor_and_visit_are_uuids(door: Door, opened: OpenedShop) -> None:
    visitor, visit = uuid4(), uuid4()
    caller = await door(shop_key=opened.key, visitor_id=str(visitor).upper(), visit_id=str(visit))
    assert (caller.visitor_id, caller.visit_id) == (visitor, visit)


@pytest.mark.parametrize("text", ["7", UUID(int=7).hex, f"{{{UUID(int=7)}}}", f"{UUID(int=7)}\n", "é" * 36])
async def test_a_malformed_visitor_or_visit_names_its_header(door: Door, opened: OpenedShop, text: str) -> None:
    assert await door.refuses(shop_key=opened.key, visitor_id=text) == (
        ErrorCode.BAD_USER_INPUT,
        "X-Visitor-Id must be a UUID",
    )
    assert await door.refuses(shop_key=opened.key, visit_id=text) == (
        ErrorCode.BAD_USER_INPUT,
        "X-Visit-Id must be a UUID",
    )


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("en", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("zh-TW", "zh-CN"),
        ("fr, en;q=0.5, zh;q=0.4", "en"),
        ("en;q=0.2, zh-CN;q=0.8", "zh-CN"),
        ("en;q=0", None),
        ("en;q=much", None),
        ("fr", None),
        ("*", None),
        (", ;q=1,", None),
    ],
)
def test_the_language_liked_best_is_chosen(accept: str, language: Language | None) -> None:
    assert preferred_language(accept) == language


async def test_a_shops_own_language_is_spoken_to_who_names_none(door: Door, opened: OpenedShop) -> None:
    await Shop.filter(id=opened.id).update(language="en")
    assert (await door(shop_key=opened.key)).language == "en"
    assert (await door(shop_key=opened.key, accept_language="zh")).language == "zh-CN"


async def test_the_caller_lives_by_the_shops_clock(door: Door, opened: OpenedShop) -> None:
    await Shop.filter(id=opened.id).update(clock_offset_ms=86_400_000)
    caller = await door(shop_key=opened.key)
    assert abs(caller.now - wall_now() - timedelta(days=1)) < timedelta(seconds=2)


async def test_a_hundred_who_come_at_once_cost_one_statement_and_the_next_none(
    door: Door, opened: OpenedShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = count_look_ups(monkeypatch)
    await asyncio.gather(*(door(shop_key=opened.key) for _ in range(100)))
    await door(shop_key=opened.key, visitor_id=str(uuid4()))
    assert asked == [1]


async def test_an_unknown_key_is_remembered_too(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = count_look_ups(monkeypatch)
    for _ in range(5):
        await door.refuses(shop_key="xk_unknown")
    assert asked == [1]


async def test_ten_thousand_unknown_keys_push_no_shop_out(
    door: Door, opened: OpenedShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.identify, "_REFUSED_MAX", 10)
    await door(shop_key=opened.key)
    for number in range(50):
        await door.refuses(shop_key=f"xk_{number}")
    asked = count_look_ups(monkeypatch)
    await door(shop_key=opened.key)
    assert asked == [0]
    assert len(door.identities._refused) == 10


async def test_a_revoked_key_is_refused_everywhere_after_a_second(door: Door, opened: OpenedShop) -> None:
    await door(shop_key=opened.key)
    await revoke_key(opened.key)
    await asyncio.sleep(1.05)
    assert (await door.refuses(shop_key=opened.key))[0] is ErrorCode.UNAUTHENTICATED


async def test_one_who_goes_away_while_waiting_takes_nobody_with_them(door: Door, opened: OpenedShop) -> None:
    first = asyncio.create_task(door(shop_key=opened.key))
    second = asyncio.create_task(door(shop_key=opened.key))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).shop_id == opened.id


async def test_what_was_asked_before_forgetting_is_not_remembered_after(door: Door, opened: OpenedShop) -> None:
    waiting = asyncio.create_task(door(shop_key=opened.key))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    door.identities.forget()
    await waiting
    assert door.identities._known == {}


async def test_many_who_come_at_once_are_asked_about_together_and_each_is_who_they_are(
    door: Door, opened: OpenedShop, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, people = await open_shop(settings), [await new_customer(opened.id) for _ in range(30)]
    tokens = [door.customer(opened.id, opened.app.appid, person) for person in people]
    asked = count_look_ups(monkeypatch)
    known = [door(shop_key=opened.key, authorization=token) for token in tokens]
    refused = [door.refuses(shop_key=other.key, authorization=token) for token in tokens[:5]]
    strangers = [door.refuses(shop_key=f"nobody {number}") for number in range(5)]

    callers, answers = await asyncio.gather(asyncio.gather(*known), asyncio.gather(*refused, *strangers))

    assert [caller.subject_id for caller in callers] == people
    assert [code for code, _ in answers] == [ErrorCode.FORBIDDEN] * 5 + [ErrorCode.UNAUTHENTICATED] * 5
    assert asked[0] == ALONE_MOST


async def test_over_http_a_refusal_has_its_status_and_code(opened: OpenedShop, http: httpx.AsyncClient) -> None:
    async def ask(headers: Mapping[str, str]) -> tuple[int, str]:
        response = await http.post("/graphql", json={"query": "{ __typename }"}, headers=headers)
        return response.status_code, response.json()["errors"][0]["extensions"]["code"]

    bad_visitor = {"x-shop-key": opened.key, "x-visitor-id": "7"}
    assert await ask({}) == (401, "UNAUTHENTICATED")
    assert await ask({"x-shop-key": opened.key, "authorization": "Bearer x"}) == (401, "UNAUTHENTICATED")
    assert await ask(bad_visitor) == (400, "BAD_USER_INPUT")


def count_look_ups(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count from now on how often the door asks the database."""
    asked = [0]

    async def counted(sql: str, binds: tuple[object, ...]) -> object:
        asked[0] += 1
        return await fetch_row(sql, binds)

    monkeypatch.setattr(api.asking_who, "fetch_row", counted)
    return asked
