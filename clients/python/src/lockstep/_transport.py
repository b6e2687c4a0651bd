from __future__ import annotations

import asyncio
import json
import random
import uuid
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Awaitable, Callable, Coroutine, Dict, Mapping, Optional, Sequence, Set, TypeVar, Union

import anyio
import httpx

from ._clock import now_ms
from ._errors import LockstepError, NoAnswerError
from ._events import EventStream, is_stream
from ._operations import Repeat
from ._request import Answer, CallOptions, Request, to_request
from .problems import BY_CODE

T = TypeVar("T")

FIRST_PAUSE_MS = 50
LONGEST_PAUSE_MS = 2_000
NOT_APPLIED = {"store-unavailable", "overloaded", "draining"}


@dataclass(frozen=True)
class Settings:
    # Base URLs of the service, tried in turn.
    urls: Sequence[str]
    token: Optional[str]
    namespace: Optional[str]
    timeout_ms: float
    # How long one attempt may take, on top of the time that the service waits.
    attempt_ms: float
    # Headers of each call, such as traceparent.
    headers: Callable[[], Mapping[str, str]]
    http: Callable[[], httpx.AsyncClient]


def settings_of(
    url: Union[str, Sequence[str]],
    token: Optional[str],
    namespace: Optional[str],
    timeout_ms: float,
    attempt_ms: float,
    headers: Optional[Callable[[], Mapping[str, str]]],
    unix_socket: Optional[str],
    http: Optional[Callable[[], httpx.AsyncClient]],
) -> Settings:
    def connect() -> httpx.AsyncClient:
        # Calls that wait for a lock have a connection each, and keep no renewal from its own.
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=100)
        if unix_socket is None:
            return httpx.AsyncClient(limits=limits)
        transport = httpx.AsyncHTTPTransport(uds=unix_socket, limits=limits)
        return httpx.AsyncClient(transport=transport)

    urls = [url] if isinstance(url, str) else list(url)
    return Settings(
        urls, token, namespace, timeout_ms, attempt_ms, headers or dict, http or connect
    )


class Transport:
    """Sends each request until it is answered, repeats do no good, or its time is over."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._turn = 0
        self._loop: Optional[asyncio.AbstractEventLoop] = None
        self._http: Optional[httpx.AsyncClient] = None
        self._tasks: Set[asyncio.Task[Any]] = set()

    async def ask(self, operation: str, options: CallOptions, **parts: Any) -> Answer[Any]:
        return await self._repeated(to_request(operation, **parts), options, self._attempt)

    async def connect(self, operation: str, options: CallOptions, **parts: Any) -> EventStream:
        """A stream of events that has begun."""
        return await self._repeated(to_request(operation, **parts), options, self._open)

    async def _repeated(
        self,
        request: Request,
        options: CallOptions,
        attempt: Callable[[str, Request, Mapping[str, str], float], Awaitable[T]],
    ) -> T:
        timeout_ms = options.get("timeout_ms", self._settings.timeout_ms)
        deadline = now_ms() + timeout_ms + request.wait_ms
        headers = self._headers_of(request, options)
        urls = self._settings.urls
        tries = 0
        while True:
            turn = self._turn
            url = urls[turn % len(urls)].rstrip("/") + request.path
            longest = min(deadline - now_ms(), self._settings.attempt_ms + request.wait_ms)
            try:
                return await attempt(url, request, headers, max(0, longest) / 1000)
            except (LockstepError, NoAnswerError) as error:
                if not may_repeat(error, request.repeat, headers):
                    raise
                self._leave(turn)
                tries += 1
                pause = 0 if tries < len(urls) else pause_ms(error, tries)
                if now_ms() + pause >= deadline:
                    raise
            await asyncio.sleep(pause / 1000)

    def _leave(self, turn: int) -> None:
        """Another call may have moved on meanwhile."""
        if self._turn == turn:
            self._turn += 1

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Runs in the background. `close` waits for it."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def finish(self, work: Coroutine[Any, Any, None]) -> None:
        """Goes on in the background when the caller is cancelled."""
        await asyncio.shield(self.spawn(work))

    async def close(self) -> None:
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._http and self._loop is asyncio.get_running_loop():
            await self._http.aclose()
        self._http = self._loop = None

    def _client(self) -> httpx.AsyncClient:
        """One per event loop: its connections belong to the loop."""
        loop = asyncio.get_running_loop()
        if self._http is None or self._loop is not loop:
            self._http, self._loop = self._settings.http(), loop
        return self._http

    def _headers_of(self, request: Request, options: CallOptions) -> Dict[str, str]:
        settings = self._settings
        key = options.get("idempotency_key") or str(uuid.uuid4())
        own = {
            "authorization": settings.token and f"Bearer {settings.token}",
            "lockstep-namespace": settings.namespace,
            "traceparent": options.get("traceparent"),
            "idempotency-key": key if request.repeat == "keyed" else None,
        }
        sent = {name: value for name, value in own.items() if value is not None}
        return {**sent, **settings.headers(), **request.headers}

    async def _attempt(
        self, url: str, request: Request, headers: Mapping[str, str], longest_s: float
    ) -> Answer[Any]:
        asked_at = now_ms()
        try:
            with anyio.fail_after(longest_s):
                response = await self._client().request(
                    request.method, url, headers=headers, content=request.content, timeout=None
                )
        except (httpx.HTTPError, TimeoutError) as error:
            raise NoAnswerError(f"{request.method} {url}: no answer") from error
        if not response.is_success and response.status_code != 304:
            raise error_of(response, response.content)
        is_json = response.headers.get("content-type", "").startswith("application/json")
        if response.status_code == 200 and not is_json and not request.is_raw:
            raise NoAnswerError(f"{request.method} {url}: an answer that is not of the service")
        body = json.loads(response.content) if is_json else None
        return Answer(response.status_code, response.headers, response.content, body, asked_at)

    async def _open(
        self, url: str, request: Request, headers: Mapping[str, str], longest_s: float
    ) -> EventStream:
        client, asked_at = self._client(), now_ms()
        asked = client.build_request(
            request.method, url, headers=headers, content=request.content, timeout=None
        )
        try:
            with anyio.fail_after(longest_s):
                response = await client.send(asked, stream=True)
                if is_stream(response):
                    return EventStream(response, asked_at)
                content = await response.aread()
        except (httpx.HTTPError, TimeoutError) as error:
            raise NoAnswerError(f"{request.method} {url}: no answer") from error
        raise error_of(response, content)


def error_of(response: httpx.Response, content: bytes) -> Exception:
    """The problem in an answer. A proxy between may answer something else."""
    problem = None
    if response.headers.get("content-type", "").startswith("application/problem+json"):
        with suppress(ValueError):
            problem = json.loads(content)
    if not isinstance(problem, dict) or "code" not in problem:
        return NoAnswerError(f"status {response.status_code}, not from the service")
    with suppress(KeyError, ValueError):
        problem.setdefault("retryAfterMs", float(response.headers["retry-after"]) * 1000)
    return BY_CODE.get(problem["code"], LockstepError)(problem)


def may_repeat(error: Exception, repeat: Repeat, headers: Mapping[str, str]) -> bool:
    """
    Whether the same request may be sent again. What may have been applied is repeated under a
    condition only with an Idempotency-Key: the condition might hold no more because of it.
    """
    if isinstance(error, LockstepError) and error.code in NOT_APPLIED:
        return True
    if isinstance(error, LockstepError) and error.code != "outcome-unknown":
        return False
    # No connection was made to send it over.
    if isinstance(error.__cause__, (httpx.ConnectError, httpx.ConnectTimeout)):
        return True
    is_conditional = {name.lower() for name in headers} & {"if-match", "if-none-match"}
    return repeat == "keyed" or (repeat == "harmless" and not is_conditional)


def pause_ms(error: Exception, tries: int) -> float:
    """What the service asks for, and a random part of a time that doubles with each failure."""
    jittered = random.uniform(0, min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (tries - 1)))
    return jittered + (error.retry_after_ms if isinstance(error, LockstepError) else 0)
