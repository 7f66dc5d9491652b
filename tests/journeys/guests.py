"""People who know a shop by HTTP alone: what the sandbox door told of it, and a phone, are all they have."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx

from tests.harness.asking import Answer, Asker, credentials
from tests.harness.phones import LOGIN
from tests.journeys.test_sharing import SHARE, TRACK

CODE_SCENE = 1047
"""WeChat's value for a mini-program code that was scanned."""

LANDING = """
query ($input: LandingInput!) {
  landing(input: $input) {
    promoter { name } share { token } warnings { code }
    target {
      __typename title
      ... on ProductPage {
        product {
          id handle images(first: 3) { url }
          variants(first: 20) { nodes { sku price { fen } compareAtPrice { fen } } }
        }
      }
    }
  }
}"""


@dataclass
class Guest:
    """Somebody with a phone who opens the shop once: one device, one visit."""

    http: httpx.AsyncClient
    shop: dict[str, Any]
    user: str
    visitor: str = field(default_factory=lambda: str(uuid4()))
    visit: str = field(default_factory=lambda: str(uuid4()))
    access: str | None = None
    refresh: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """What their mini-program sends."""
        known = credentials(key=self.shop["visitorKey"], token=self.access)
        return {**known, "x-visitor-id": self.visitor, "x-visit-id": self.visit}

    async def ask(self, document: str, **variables: Any) -> Answer:
        """Ask, and be refused nothing."""
        answer = await Asker(self.http, self.headers)(document, variables)
        assert answer.refusals == []
        return answer

    async def taps(self, what: str, **more: str) -> str:
        """Have WeChat mint a code: `codes` as wx.login does, `phone-codes` as the phone button."""
        asked = {"user": self.user, "appid": self.shop["appid"], **more}
        code: str = (await self.http.post(f"/sandbox/wechat/{what}", json=asked)).json()["code"]
        return code

    async def logs_in(self, share: str | None = None) -> dict[str, Any]:
        """Log in; who they are now."""
        payload = (await self.ask(LOGIN, code=await self.taps("codes"), share=share))["loginWithWechat"]
        self.access, self.refresh = payload["session"]["accessToken"], payload["session"]["refreshToken"]
        customer: dict[str, Any] = payload["customer"]
        return customer

    async def lands(self, scene: str) -> dict[str, Any]:
        """Scan a code: the page shows itself and the visit is told of."""
        told = {"scene": CODE_SCENE, "path": "pages/goods", "query": f"scene={quote(scene, safe='')}"}
        await self.ask(TRACK, visit=self.visit, input=told)
        landing: dict[str, Any] = (await self.ask(LANDING, input={"scene": quote(scene, safe="")}))["landing"]
        return landing

    async def shares(self, product_id: str, parent: str | None = None) -> dict[str, Any]:
        """Pass a product on."""
        wish = {"target": {"productId": product_id}, "parentToken": parent}
        link: dict[str, Any] = (await self.ask(SHARE, input=wish, key="share"))["shareCreate"]["shareLink"]
        return link


def guest(http: httpx.AsyncClient, shop: dict[str, Any], name: str) -> Guest:
    """Somebody whom WeChat knows by a name that only this shop's app has heard."""
    return Guest(http, shop, f"{name}-{shop['handle']}")
