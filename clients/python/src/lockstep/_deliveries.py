"""Requests about deliveries of queues."""
from __future__ import annotations

import base64
from contextlib import suppress
from typing import Any, Dict, Mapping

from ._errors import LockstepError, NoAnswerError
from ._keeper import Renew, Term
from ._leases import UNDO_MS
from ._request import camel_case
from ._transport import Transport

# Longest wait of one request.
PIECE_MS = 20_000


def message_of(body: Any, terms: Mapping[str, Any]) -> Dict[str, Any]:
    if isinstance(body, bytes):
        return {"body": base64.b64encode(body).decode(), "encoding": "base64", **camel_case(terms)}
    return {"body": body, **camel_case(terms)}


def body_of(message: Mapping[str, Any]) -> Any:
    is_bytes = message["encoding"] == "base64"
    return base64.b64decode(message["body"]) if is_bytes else message["body"]


def extension_of(transport: Transport, queue: str, delivery: Mapping[str, Any]) -> Renew:
    """Extends a delivery, so that no other worker gets it."""
    term_ms = max(1_000, delivery["visibleForMs"])
    extension = {"receipt": delivery["receipt"], "visibilityMs": term_ms}
    parts: Any = {"path": {"queue": queue}, "body": {"extend": [extension]}}

    async def extend(left_ms: float) -> Term:
        answer = await transport.ask("settleMessages", {"timeout_ms": left_ms}, **parts)
        status = answer.json["results"][0]["status"]
        if status != "extended":
            raise LockstepError({"code": "lease-lost", "status": 410, "detail": f"it is {status}"})
        return Term(answer.asked_at, term_ms)

    return extend


async def give_back(transport: Transport, queue: str, body: Mapping[str, Any], key: str) -> None:
    """Releases what a receive that was given up may have delivered."""
    path = {"queue": queue}
    with suppress(LockstepError, NoAnswerError):
        options: Any = {"timeout_ms": UNDO_MS, "idempotency_key": key}
        asked = {**body, "waitMs": 0}
        answer = await transport.ask("receiveMessages", options, path=path, body=asked)
        receipts = [one["receipt"] for one in answer.json["items"]]
        await settle_quietly(transport, queue, {"release": receipts} if receipts else {})


async def settle_quietly(transport: Transport, queue: str, body: Mapping[str, Any]) -> None:
    """Without an answer the message is delivered again, when its time is over."""
    with suppress(LockstepError, NoAnswerError):
        path = {"queue": queue}
        if body:
            await transport.ask("settleMessages", {"timeout_ms": UNDO_MS}, path=path, body=body)
