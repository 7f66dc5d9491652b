"""Quote tokens: what was quoted, to whom, at which total and until when, signed so that it comes back unchanged."""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson

from models.campaign import OfferKind
from models.delivery import DeliveryMethod
from models.refusal import Refusal, UserErrorCode
from resolvers.caller import Caller
from resolvers.keys import keys
from resolvers.placement import Destination, OfferPart, Placement
from resolvers.rows import as_json
from resolvers.wished_line import WishedLine

QUOTE_MINUTES: Final = 30
_MAC_BYTES: Final = 16
_TOKEN_CHARS_MAX: Final = 60_000


def write_quote_token(caller: Caller, placement: Placement, total_fen: int) -> tuple[str, datetime]:
    """Sign what was quoted; returns the token and until when it holds, on the shop's clock."""
    expires_at, offer = caller.now + timedelta(minutes=QUOTE_MINUTES), placement.offer
    said = {
        "shop": caller.shop_id,
        "customer": caller.viewer_id,
        "until": int(expires_at.timestamp()),
        "total": total_fen,
        "method": placement.destination.method,
        "address": placement.destination.address_id,
        "cart_lines": list(placement.cart_line_ids),
        "lines": [
            [line.variant_id, line.quantity, dict(line.attributes), line.share_link_id] for line in placement.lines
        ],
        "offer": None if offer is None else [offer.kind, offer.offer_id, offer.instance_id, offer.share_token],
    }
    body = as_json(said).encode()
    return urlsafe_b64encode(_mac(body) + body).decode().rstrip("="), expires_at


def read_quote_token(caller: Caller, token: str, placement: Placement) -> Placement:
    """Return `placement` (note, attributes, what it expects) with the lines and the destination that were quoted.

    A total that the placement does not expect itself is the quoted one. Raises Refusal QUOTE_EXPIRED for a token that
    is too old, of another customer or shop, or none of ours: there is nothing else to do than to quote again.
    """
    said = _opened(token)
    if (
        said is None
        or said["shop"] != str(caller.shop_id)
        or said["customer"] != str(caller.viewer_id)
        or caller.now.timestamp() >= said["until"]
    ):
        raise Refusal(
            UserErrorCode.QUOTE_EXPIRED, "报价已过期，请重新确认", "The quote has expired; ask for a new one",
            "source", "quoteToken",
        )  # fmt: skip
    return replace(
        placement,
        lines=tuple(
            WishedLine(UUID(variant), quantity, attributes, UUID(share) if share else None)
            for variant, quantity, attributes, share in said["lines"]
        ),
        cart_line_ids=tuple(UUID(line) for line in said["cart_lines"]),
        offer=_offer(said["offer"]),
        destination=Destination(DeliveryMethod(said["method"]), UUID(said["address"]) if said["address"] else None),
        expected_fen=said["total"] if placement.expected_fen is None else placement.expected_fen,
        where=("source", "quoteToken"),
    )


def _offer(said: list[str | None] | None) -> OfferPart | None:
    if said is None:
        return None
    kind, offer_id, instance_id, share_token = said
    return OfferPart(OfferKind(str(kind)), UUID(offer_id), UUID(instance_id) if instance_id else None, share_token)


def _opened(token: str) -> dict[str, Any] | None:
    if len(token) > _TOKEN_CHARS_MAX or not token.isascii():
        return None
    try:
        signed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (Base64Error, ValueError):
        return None
    mac, body = signed[:_MAC_BYTES], signed[_MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(body)):
        return None
    said: dict[str, Any] = orjson.loads(body)
    return said


def _mac(body: bytes) -> bytes:
    return hmac.digest(keys().quote, body, hashlib.sha256)[:_MAC_BYTES]
