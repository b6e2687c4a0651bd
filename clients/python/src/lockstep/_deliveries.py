"""Requests about deliveries of messages and of entries."""
from __future__ import annotations

import base64
from contextlib import suppress
from typing import Any, Dict, Mapping

from ._errors import LockstepError, NackError, NoAnswerError
from ._keeper import Renew, Term
from ._leases import UNDO_MS, Target
from ._request import camel_case
from ._transport import Transport

# Longest wait of one request.
PIECE_MS = 20_000

FULL = {"too-many-receivers", "too-many-entry-receivers"}


def messages(queue: str) -> Target:
    return Target("receiveMessages", "settleMessages", "settleMessages", {"queue": queue})


def entries(stream: str, group: str) -> Target:
    path = {"stream": stream, "group": group}
    return Target("receiveEntries", "settleEntries", "settleEntries", path)


def message_of(body: Any, terms: Mapping[str, Any]) -> Dict[str, Any]:
    if isinstance(body, bytes):
        return {"body": base64.b64encode(body).decode(), "encoding": "base64", **camel_case(terms)}
    return {"body": body, **camel_case(terms)}


def decoded(value: Any, encoding: str) -> Any:
    return base64.b64decode(value) if encoding == "base64" else value


def is_over(error: Exception) -> bool:
    """Whether a worker ends with it: not with an outage."""
    return isinstance(error, LockstepError) and error.status < 500 and error.code not in FULL


def extension_of(transport: Transport, source: Target, delivery: Mapping[str, Any]) -> Renew:
    """Extends a delivery, so that no other worker gets it."""
    term_ms = max(1_000, delivery["visibleForMs"])
    extension = {"receipt": delivery["receipt"], "visibilityMs": term_ms}
    parts: Any = {"path": source.path, "body": {"extend": [extension]}}

    async def extend(left_ms: float) -> Term:
        answer = await transport.ask(source.renew, {"timeout_ms": left_ms}, **parts)
        status = answer.json["results"][0]["status"]
        if status != "extended":
            raise LockstepError({"code": "lease-lost", "status": 410, "detail": f"it is {status}"})
        return Term(answer.asked_at, term_ms)

    return extend


def nack_of(source: Target, receipt: str, error: Exception) -> Dict[str, Any]:
    """The service keeps at most 1024 bytes of an error."""
    text = (str(error) if isinstance(error, NackError) else repr(error))[:250]
    nack = {"receipt": receipt, "error": text.encode(errors="replace").decode()}
    if not isinstance(error, NackError):
        return nack
    # A group has no pause before it delivers again.
    delay_ms = None if "group" in source.path else error.delay_ms
    return {**nack, **camel_case({"delay_ms": delay_ms, "dead": error.dead})}


async def give_back(transport: Transport, source: Target, body: Mapping[str, Any], key: str) -> None:
    """Releases what a receive without an answer may have delivered."""
    with suppress(LockstepError, NoAnswerError):
        options: Any = {"timeout_ms": UNDO_MS, "idempotency_key": key}
        asked = {**body, "waitMs": 0}
        answer = await transport.ask(source.acquire, options, path=source.path, body=asked)
        receipts = [one["receipt"] for one in answer.json["items"]]
        await settle_quietly(transport, source, {"release": receipts} if receipts else {})


async def settle_quietly(transport: Transport, source: Target, body: Mapping[str, Any]) -> None:
    """Without an answer it is delivered again, when its time is over."""
    with suppress(LockstepError, NoAnswerError):
        if body:
            options: Any = {"timeout_ms": UNDO_MS}
            await transport.ask(source.release, options, path=source.path, body=body)
