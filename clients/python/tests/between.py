"""What is between a client and the service, inside of the process."""
from __future__ import annotations

from typing import Awaitable, Callable

import httpx

Send = Callable[[httpx.Request], Awaitable[httpx.Response]]
Answer = Callable[[httpx.Request, Send], Awaitable[httpx.Response]]


def through(answer: Answer) -> Callable[[], httpx.AsyncClient]:
    """An HTTP client whose requests are answered by `answer`, which may send them on."""

    class Between(httpx.AsyncBaseTransport):
        def __init__(self) -> None:
            self._real = httpx.AsyncHTTPTransport()

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            return await answer(request, self._real.handle_async_request)

    return lambda: httpx.AsyncClient(transport=Between())


def refusal(status: int, code: str) -> httpx.Response:
    problem = {"code": code, "status": status, "detail": "of the test"}
    return httpx.Response(
        status, headers={"content-type": "application/problem+json"}, json=problem
    )
