"""What it costs to put a line into a cart and to ask for a price, before anything is placed.

`python -m bench.buying` measures this alone.
"""

import asyncio
import base64
import secrets
from collections.abc import Callable
from contextlib import ExitStack
from statistics import median
from typing import Any, Final

import orjson

from bench.asking import ask, count_statements_of
from bench.load import Plan, Target, turns
from bench.placing import VARIANTS, Buyers, prepare, request_of
from bench.servers import Ground, Server, ground, serving
from ids import encode_id

ROUNDS: Final = 6
SECONDS: Final = 1.0
CONNECTIONS: Final = 16
REQUESTS: Final = 4_000
"""For one turn: more than are answered in it."""
CARTS: Final = 200
"""Of so many of the customers."""
KINDS: Final = 8
"""Of goods in everybody's cart."""
ADD_STATEMENTS_MOST: Final = 4

_ADD: Final = """
mutation Add($lines: [CartLineAddInput!]!, $key: String!) {
  cartLinesAdd(lines: $lines, idempotencyKey: $key) { cart { id totalQuantity } userErrors { code } }
}"""
_QUOTE: Final = """
query Quote($input: QuoteInput!) {
  quote(input: $input) {
    quote {
      lines { variantId quantity unitPrice { fen } total { fen } }
      subtotal { fen } freight { fen } total { fen } priceExplanation { kind applied reason } problems { code } token
    }
    userErrors { code }
  }
}"""

Request = Callable[[int], bytes]


def measure_buying(on: Ground, server: Server, buyers: Buyers) -> list[str]:
    """Measure both on one server of ours; a line of JSON each. Raises RuntimeError when adding takes too many trips."""

    def add(number: int) -> bytes:
        # Everybody's cart holds a few variants, of which each becomes more: nobody comes to a hundred lines.
        line = {"variantId": encode_id("var", buyers.variants[number // CARTS % KINDS]), "quantity": 1}
        return _asked(server, buyers, number, _ADD, {"lines": [line], "key": secrets.token_hex(8)})

    def quote(number: int) -> bytes:
        _customer, address, _token = buyers.customers[number % CARTS]
        lines = [
            {"variantId": encode_id("var", buyers.variants[(number + step) % VARIANTS]), "quantity": 1}
            for step in (0, 1)
        ]
        asked = {"source": {"lines": lines}, "delivery": {"address": {"addressId": encode_id("adr", address)}}}
        return _asked(server, buyers, number, _QUOTE, {"input": asked})

    added, statements = _measured(on, server, "cart line add", "cartLinesAdd", add)
    if statements is not None and statements > ADD_STATEMENTS_MOST:
        message = f"adding a line takes {statements} statements, {ADD_STATEMENTS_MOST} at most"
        raise RuntimeError(message)
    quoted, _ = _measured(on, server, "quote", "quote", quote)
    return [added, quoted]


def _asked(server: Server, buyers: Buyers, number: int, document: str, variables: dict[str, Any]) -> bytes:
    _customer, _address, token = buyers.customers[number % CARTS]
    return request_of(server, token, {"query": document, "variables": variables})


def _measured(on: Ground, server: Server, name: str, field: str, request: Request) -> tuple[str, int | None]:
    said = orjson.loads(ask(server, request(0)))
    if said.get("errors") or said["data"][field]["userErrors"]:
        message = f"{name}: {said}"
        raise RuntimeError(message)
    # The same customer twice: who asks is known by then.
    statements = asyncio.run(count_statements_of(on, server, request(0), request(CARTS)))
    loads = []
    for round_ in range(ROUNDS + 1):
        requests = [base64.b64encode(request(number)).decode() for number in range(REQUESTS)]
        target = Target(server.name, server.port, server.pid, requests, 1)
        [load] = turns(Plan([target], 1, SECONDS, CONNECTIONS, on.postgres))
        # The first warms up.
        if round_:
            loads.append(load)
    found = {
        "bench": name,
        "ours_cpu_ms": round(median(load.cpu_ms for load in loads), 3),
        "ours_postgres_ms": round(median(load.postgres_ms or 0 for load in loads), 3),
        "ours_rps": round(median(load.per_second for load in loads)),
        "statements": statements,
    }
    return orjson.dumps(found).decode(), statements


def main() -> None:
    """Measure this alone and print its lines."""
    with ground() as on, ExitStack() as stack:
        buyers = asyncio.run(prepare(on))
        for line in measure_buying(on, stack.enter_context(serving("ours", on)), buyers):
            print(line, flush=True)


if __name__ == "__main__":
    main()
