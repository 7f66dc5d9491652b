"""What staff noted on a furnished shop's customer, cart, line and order: once for the customer to see, once not."""

from typing import Final

from tests.harness.shops import SandboxShop

_NOTE: Final = """
mutation ($metafields: [MetafieldSetInput!]!) {
  metafieldsSet(metafields: $metafields) { metafields { id } userErrors { code field message } }
}"""
OWNERS: Final = ("customer", "cart", "cart.line", "order")


async def note(shop: SandboxShop, owners: dict[str, str], mark: str, hidden: str) -> dict[str, str]:
    """Write them; returns their ids by the owner's name."""
    wishes = [
        wish
        for name in OWNERS
        for wish in (
            {"namespace": "shown", "key": "care", "value": mark, "visibility": "STOREFRONT", "ownerId": owners[name]},
            {"namespace": "secret", "key": "margin", "value": hidden, "ownerId": owners[name]},
        )
    ]
    answer = await shop.staff(_NOTE, {"metafields": wishes})
    assert answer.refusals == []
    ids = [made["id"] for made in answer["metafieldsSet"]["metafields"]]
    names = [f"{name}.{kind}" for name in OWNERS for kind in ("metafield", "secret")]
    return dict(zip(names, ids, strict=True))
