"""Somebody who buys: an address, a quote, an order, each asked for as a mini-program does."""

import dataclasses
from typing import Any, TypeVar
from uuid import UUID, uuid4

from clock import wall_now
from ids import new_id
from models.customer import Customer
from resolvers.caller import ActorKind
from resolvers.tokens import Bearer
from tests.harness.asking import Answer, Asker, credentials
from tests.harness.shops import SandboxShop

PROBLEMS = """
code field message ... on StockUserError { available } ... on LimitUserError { limit used }
... on RetryUserError { retryAfterMs }
"""
QUOTED = f"""
lines {{ index variantId quantity unitPrice {{ fen }} subtotal {{ fen }} total {{ fen }} cartLineId }}
subtotal {{ fen }} freight {{ fen }} total {{ fen amount }} deliveries {{ method freight {{ fen }} }}
adjustments {{ kind amount {{ fen }} allocations {{ lineIndex amount {{ fen }} }} }}
priceExplanation {{ kind applied reason amount {{ fen }} missing {{ fen }} }}
problems {{ {PROBLEMS} }} token expiresAt
"""
QUOTE = f"""
query ($input: QuoteInput!) {{
  quote(input: $input) {{ quote {{ {QUOTED} }} userErrors {{ {PROBLEMS} }} }}
}}"""
ORDER = """
id orderNo status paymentStatus fulfilmentStatus refundStatus nextStates cancelReason itemCount note
subtotal { fen } freight { fen } total { fen } paid { fen } refunded { fen } expiresAt
lines { id title variantTitle quantity unitPrice { fen } total { fen } selectedOptions { name value } }
adjustments { kind amount { fen } } deliveries { method recipient { name phone detail regionText } freight { fen } }
actions { kind allowed reason } history { axis fromValue toValue actorKind }
"""
PLACE = f"""
mutation ($input: PlacementInput!) {{
  orderPlace(input: $input) {{ order {{ {ORDER} }} quote {{ {QUOTED} }} userErrors {{ {PROBLEMS} }} }}
}}"""
ORDER_BY_ID = f"query ($id: ID!) {{ order(id: $id) {{ {ORDER} }} }}"
ADDRESS = """
mutation ($input: AddressCreateInput!) {
  addressCreate(input: $input, idempotencyKey: "home") { address { id } userErrors { code field message } }
}"""
HOME = {
    "recipientName": "王小明",
    "phone": "13800001234",
    "detail": "文三路 90 号 3 幢 201",
    "region": {"provinceCode": "330000", "cityCode": "330100", "districtCode": "330106"},
}


@dataclasses.dataclass(frozen=True, slots=True)
class Buyer:
    """A customer with a token; `address` is the id of the one in their book, empty when they have none."""

    shop: SandboxShop
    ask: Asker
    customer_id: UUID
    address: str = ""

    def wish(self, *lines: tuple[str, int], total: int | None = None, key: str | None = None, **more: Any) -> Any:
        """Return the input of a purchase of (variant, pieces) at once."""
        asked: dict[str, Any] = {
            "source": {"lines": [{"variantId": variant, "quantity": quantity} for variant, quantity in lines]},
            "idempotencyKey": key or uuid4().hex,
            **more,
        }
        if self.address and "delivery" not in more:
            asked["delivery"] = {"address": {"addressId": self.address}}
        if total is not None:
            asked["expectedTotal"] = {"fen": total}
        return asked

    async def quotes(self, *lines: tuple[str, int], **more: Any) -> Any:
        """Ask for a price, which must be given."""
        asked = self.wish(*lines, **more)
        del asked["idempotencyKey"]
        answer = await self.ask(QUOTE, {"input": asked})
        assert answer["quote"]["userErrors"] == []
        return answer["quote"]["quote"]

    async def tries(self, *lines: tuple[str, int], total: int | None = None, **more: Any) -> Answer:
        """Try to buy, at the quoted total unless another is said."""
        if total is None:
            total = (await self.quotes(*lines))["total"]["fen"]
        return await self.ask(PLACE, {"input": self.wish(*lines, total=total, **more)})

    async def places(self, *lines: tuple[str, int], **more: Any) -> Any:
        """Buy, which must succeed; returns the order."""
        answer = await self.tries(*lines, **more)
        assert answer["orderPlace"]["userErrors"] == [], answer["orderPlace"]["userErrors"]
        return answer["orderPlace"]["order"]

    async def order(self, id_: str) -> Any:
        """Look at an order."""
        return (await self.ask(ORDER_BY_ID, {"id": id_}))["order"]


Person = TypeVar("Person", bound=Buyer)


async def buyer(shop: SandboxShop, name: str = "小明", *, at_home: bool = True) -> Buyer:
    """Let a customer come in, with an address in their book."""
    row = await Customer.create(id=new_id(), shop_id=shop.id, nickname=name, created_at=wall_now())
    token = shop.tokens.issue(Bearer(ActorKind.CUSTOMER, shop.id, shop.app.appid, row.id, 1), minutes=60)
    found = Buyer(shop, Asker(shop.http, credentials(key=shop.key, token=token)), row.id)
    return await with_home(found) if at_home else found


async def with_home(person: Person) -> Person:
    """Write an address into somebody's book."""
    answer = await person.ask(ADDRESS, {"input": HOME})
    assert answer.refusals == []
    return dataclasses.replace(person, address=answer["addressCreate"]["address"]["id"])


GOODS = """
mutation ($products: [ProductUpsertInput!]!, $key: String!) {
  productsUpsert(products: $products, idempotencyKey: $key) {
    products { handle variants { nodes { id } } } userErrors { code field message }
  }
}"""


async def on_sale(
    shop: SandboxShop, handle: str, *stocks: int, fen: int = 1990, variant: dict[str, Any] | None = None, **more: Any
) -> list[str]:
    """Put a product on sale with one variant for each number of pieces; returns the variants' ids.

    `variant` are more columns of each variant, `more` of the product.
    """
    sizes = [str(number) for number, _ in enumerate(stocks, 1)]
    variants = [
        {"price": {"fen": fen}, "onHand": stock, "optionValues": [size], **(variant or {})}
        for size, stock in zip(sizes, stocks, strict=True)
    ]
    wish = {
        "title": handle, "handle": handle, "status": "ACTIVE", "options": [{"name": "尺码", "values": sizes}],
        "variants": variants, **more,
    }  # fmt: skip
    answer = await shop.staff(GOODS, {"products": [wish], "key": handle})
    assert answer.refusals == []
    return [made["id"] for made in answer["productsUpsert"]["products"][0]["variants"]["nodes"]]
