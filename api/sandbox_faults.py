"""The testers' door to what goes wrong: failpoints to set, and whether a shop is as it should be."""

from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.sandbox_answer import answers_json, json_answer, shop_id_of
from api.sandbox_input import FailpointInput, read_input
from models.failpoint import FAILPOINTS
from models.refusal import Refusal, UserErrorCode
from resolvers.check import check_shop
from resolvers.failpoint import clear_failpoints, failpoints, set_failpoint


@answers_json
async def set_one(request: Request) -> Response:
    """Let the next that come by a failpoint crash, fail or wait; true in every process when this answers."""
    asked = await read_input(request, FailpointInput)
    row = await set_failpoint(asked.name, asked.action, delay_ms=asked.delay_ms, times=asked.times)
    return json_answer(_shown(row), HTTPStatus.CREATED)


@answers_json
async def list_all(_request: Request) -> Response:
    """Say which failpoints the code has, and what was set."""
    return json_answer({"names": dict(FAILPOINTS), "set": [_shown(row) for row in await failpoints()]})


@answers_json
async def clear_all(_request: Request) -> Response:
    """Take all away; say how many there were."""
    return json_answer({"cleared": await clear_failpoints()})


@answers_json
async def clear_one(request: Request) -> Response:
    """Take one away."""
    if not await clear_failpoints(request.path_params["failpoint_id"]):
        raise Refusal(UserErrorCode.NOT_FOUND, "没有这个故障点", "No such failpoint is set", "id")
    return Response(status_code=HTTPStatus.NO_CONTENT)


@answers_json
async def check(request: Request) -> Response:
    """Ask every invariant of a shop, and say of each how often it is broken and where."""
    findings = await check_shop(shop_id_of(request.path_params["shop_id"]))
    said = [asdict(finding) for finding in findings]
    return json_answer({"holds": not any(finding.count for finding in findings), "findings": said})


def fault_routes() -> list[Route]:
    """Return the door's routes; outside production only."""
    return [
        Route("/sandbox/failpoints", set_one, methods=["POST"]),
        Route("/sandbox/failpoints", list_all, methods=["GET"]),
        Route("/sandbox/failpoints", clear_all, methods=["DELETE"]),
        Route("/sandbox/failpoints/{failpoint_id:int}", clear_one, methods=["DELETE"]),
        Route("/sandbox/shops/{shop_id}/check", check, methods=["GET"]),
    ]


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "name": row["name"],
        "action": row["action"],
        "delayMs": row["delay_ms"],
        "remaining": row["remaining"],
        "madeAt": row["made_at"],
    }
