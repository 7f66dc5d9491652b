"""The hand of a tester: what somebody with a phone and a switchboard does to one app."""

import dataclasses
from typing import Any

import httpx

from wechat.sandbox.app import PATH


@dataclasses.dataclass(frozen=True, slots=True)
class Hand:
    """What somebody with a phone and a switchboard does to one app."""

    http: httpx.AsyncClient
    appid: str

    async def post(self, path: str, **asked: Any) -> Any:
        """Say something at a door about the app."""
        answer = await self.http.post(f"{PATH}{path}", json={"appid": self.appid} | asked)
        assert answer.status_code in {200, 204}, answer.text
        return answer.json() if answer.content else None

    async def get(self, path: str, **asked: Any) -> Any:
        """Read something at a door about the app."""
        answer = await self.http.get(f"{PATH}{path}", params={"appid": self.appid} | asked)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def code(self, user: str = "xiaoming", **more: Any) -> str:
        """Take a login code from the phone."""
        return str((await self.post("/codes", user=user, **more))["code"])

    async def phone_code(self, user: str = "xiaoming", **more: Any) -> str:
        """Take a code from the phone button."""
        return str((await self.post("/phone-codes", user=user, **more))["code"])

    async def switch(self, kind: str, **more: Any) -> Any:
        """Make the next calls fail."""
        return await self.post("/switches", kind=kind, **more)

    async def calls(self, call: str) -> list[dict[str, Any]]:
        """What the app asked by one call."""
        found: list[dict[str, Any]] = await self.get("/calls", call=call)
        return found
