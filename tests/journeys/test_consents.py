"""What customers agree to, and take back: kept with version and moments, told once, heard on every device."""

from typing import Any, Final

import orjson

from models.database import pool
from tests.harness.asking import Asker
from tests.harness.paying import Payer, payer
from tests.harness.phones import CONSENT
from tests.harness.shops import SandboxShop

CONSENTS: Final = "{ viewer { consents { kind policyVersion givenAt withdrawnAt } } }"
CHANGE: Final = """query ($after: String) {
  viewerChange(after: $after) { cursor viewer { consents { kind policyVersion withdrawnAt } } }
}"""


async def says(ask: Asker, version: str, *, agreed: bool, kind: str = "MARKETING") -> None:
    answer = await ask(CONSENT, {"input": {"kind": kind, "policyVersion": version, "agreed": agreed}})
    assert answer.refusals == []


async def told(shop: SandboxShop, person: Payer) -> list[tuple[str, Any]]:
    """What the shop's systems hear of it, the oldest first."""
    rows = await pool().fetch(
        "select topic, payload from outbox_event where shop_id = $1 and aggregate_id = $2"
        " and topic like 'customer.consent%' order by sequence",
        shop.id,
        person.customer_id,
    )
    return [(row["topic"], orjson.loads(row["payload"])) for row in rows]


async def test_each_change_is_told_once_and_what_was_said_before_is_not(shop: SandboxShop) -> None:
    person = await payer(shop)

    await says(person.ask, "1", agreed=False)
    assert await told(shop, person) == []
    for _ in range(2):
        await says(person.ask, "1", agreed=True)
    await says(person.ask, "2", agreed=True)
    for _ in range(2):
        await says(person.ask, "3", agreed=False)
    await says(person.ask, "2", agreed=True)

    assert await told(shop, person) == [
        ("customer.consent_given", {"kind": "MARKETING", "policyVersion": "1"}),
        ("customer.consent_given", {"kind": "MARKETING", "policyVersion": "2"}),
        ("customer.consent_withdrawn", {"kind": "MARKETING", "policyVersion": "2"}),
        ("customer.consent_given", {"kind": "MARKETING", "policyVersion": "2"}),
    ]
    kept = (await person.ask(CONSENTS))["viewer"]["consents"]
    assert [(one["policyVersion"], one["withdrawnAt"] is None) for one in kept if one["kind"] == "MARKETING"][-1:] == [
        ("2", True)
    ]


async def test_every_device_hears_of_it(shop: SandboxShop) -> None:
    person = await payer(shop)
    cursors = [(await person.ask(CHANGE))["viewerChange"]["cursor"]]

    for version, agreed in (("1", True), ("2", True), ("2", False), ("2", True)):
        await says(person.ask, version, agreed=agreed)
        heard = (await person.ask(CHANGE, {"after": cursors[-1]}))["viewerChange"]
        cursors.append(heard["cursor"])
        await says(person.ask, version, agreed=agreed)
        assert (await person.ask(CHANGE, {"after": cursors[-1]}))["viewerChange"] is None

    assert len(set(cursors)) == len(cursors)
