"""What the transport does, by the sync client: that of asyncio has the same one."""
from __future__ import annotations

import asyncio
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, List

import httpx
import pytest
from between import Send, through
from faults import FaultProxy
from waiting import auntil, until

from lockstep import AsyncClient, Client, LockstepError, NoAnswerError, problems
from lockstep._transport import may_repeat


def count_of(client: Client, key: str) -> Any:
    try:
        return client.call("getCacheCounter", path={"space": "stats", "key": key}).json["value"]
    except LockstepError:
        return None


def in_background(work: Any) -> Any:
    """Runs a call in a thread; the function that is returned waits for its result."""
    results: Any = []

    def run() -> None:
        try:
            results.append((work(), None))
        except BaseException as error:
            results.append((None, error))

    thread = threading.Thread(target=run)
    thread.start()

    def result() -> Any:
        thread.join()
        [(value, error)] = results
        if error:
            raise error
        return value

    return result


def test_calls_an_operation_with_its_path_query_and_body_in_the_namespace(client: Client) -> None:
    lease = client.call("acquireLock", path={"name": "a/b c"}, body={"owner": "me"}).json
    found = client.call("getLock", path={"name": "a/b c"}).json
    assert found["holders"][0]["fence"] == lease["fence"]
    listed = client.call("listLocks", query={"prefix": "a/", "limit": 10}).json
    assert [lock["name"] for lock in listed["items"]] == ["a/b c"]


def test_passes_the_trace_of_the_caller_on_and_its_api_token(
    connect: Any, proxy: FaultProxy
) -> None:
    client = connect(proxy.url, token="secret-of-the-caller", headers=lambda: {"x-shop": "7"})
    traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    client.call("getLock", path={"name": "traced"}, traceparent=traceparent)
    assert proxy.sent(f"traceparent: {traceparent}") == 1
    assert proxy.sent("authorization: Bearer secret-of-the-caller") == 1
    assert proxy.sent("x-shop: 7") == 1


def test_raises_the_problem_of_a_refusal_and_sends_it_once(connect: Any, proxy: FaultProxy) -> None:
    client: Client = connect(proxy.url)
    client.call("acquireLock", path={"name": "held"}, body={"owner": "first"})
    with pytest.raises(problems.LockHeld) as refused:
        client.call("acquireLock", path={"name": "held"})
    assert refused.value.problem["holders"][0]["owner"] == "first"
    assert refused.value.code == "lock-held" and refused.value.retry_after_ms > 0
    assert proxy.sent("/v1/locks/held/acquire") == 2


def test_repeats_a_call_whose_answer_was_lost_so_that_it_counts_once(
    client: Client, connect: Any, proxy: FaultProxy
) -> None:
    other = connect(proxy.url)
    proxy.drop_replies()
    counted = in_background(lambda: other.cache.increment("stats", "hits"))
    until(lambda: count_of(client, "hits") == "1")
    proxy.heal()
    assert counted() == 1
    assert count_of(client, "hits") == "1"
    assert proxy.sent("/v1/cache/stats/hits/incr") > 1


def test_cuts_an_attempt_that_gets_no_answer_and_repeats_it(
    connect: Any, proxy: FaultProxy
) -> None:
    client = connect(proxy.url, attempt_ms=500)
    proxy.drop_replies()
    counted = in_background(lambda: client.cache.increment("stats", "slow"))
    until(lambda: proxy.sent("/v1/cache/stats/slow/incr") > 1)
    proxy.heal()
    assert counted() == 1


def test_tries_the_next_address_when_one_does_not_answer(
    service: str, connect: Any, proxy: FaultProxy
) -> None:
    proxy.refuse()
    client = connect([proxy.url, service])
    assert client.call("getLock", path={"name": "free"}).json["state"] == "free"


def test_leaves_an_address_that_does_not_answer_once_for_all_calls(
    service: str, connect: Any
) -> None:
    gone: List[str] = []

    async def answer(request: httpx.Request, send: Send) -> httpx.Response:
        if request.url.host != "gone.invalid":
            return await send(request)
        gone.append(str(request.url))
        await auntil(lambda: len(gone) > 1)
        raise httpx.ConnectError("no such host")

    client = connect(["http://gone.invalid", service], http=through(answer))

    def ask() -> Any:
        return client.call("getLock", path={"name": "x"}).json["state"]

    assert [work() for work in [in_background(ask), in_background(ask)]] == ["free"] * 2
    assert len(gone) == 2


@pytest.mark.parametrize(
    "of_another",
    [
        httpx.Response(502),
        httpx.Response(200, html="<p>Log in</p>"),
        httpx.Response(200),
        httpx.Response(302, headers={"location": "/login"}),
        httpx.Response(
            400, headers={"content-type": "application/problem+json"}, json={"title": "of another"}
        ),
    ],
)
def test_takes_the_answer_of_a_proxy_between_for_no_answer(
    of_another: httpx.Response, service: str, connect: Any
) -> None:
    asked = []

    async def answer(request: httpx.Request, send: Send) -> httpx.Response:
        if request.url.host != "between.invalid":
            return await send(request)
        asked.append(request.url)
        return of_another

    client = connect(["http://between.invalid", service], http=through(answer))
    assert client.locks.acquire("free")["token"]
    assert len(asked) == 1


def test_no_name_leads_to_another_path(client: Client) -> None:
    client.boards.submit("kept", [{"member": "ada", "score": 1}])
    for member in ("", ".", ".."):
        with pytest.raises(problems.InvalidRequest):
            client.call("deleteEntry", path={"board": "kept", "member": member})
    assert client.boards.rank("kept", "ada")


def test_a_call_has_its_time_on_top_of_the_wait(client: Client) -> None:
    client.queues.send("calls", "ring")
    body: Any = {"waitMs": 20_000}
    received = client.call("receiveMessages", path={"queue": "calls"}, body=body, timeout_ms=1)
    assert received.json["items"][0]["body"] == "ring"


def test_gives_up_when_the_time_of_the_call_is_over(connect: Any, proxy: FaultProxy) -> None:
    client = connect(proxy.url, attempt_ms=50)
    proxy.freeze()
    with pytest.raises(NoAnswerError):
        client.call("getLock", path={"name": "free"}, timeout_ms=200)


@pytest.mark.anyio
async def test_ends_with_the_cancellation_of_the_caller(proxy: FaultProxy, service: str) -> None:
    async with AsyncClient(proxy.url) as client:
        proxy.freeze()
        called = asyncio.ensure_future(client.call("getLock", path={"name": "x"}))
        await auntil(lambda: proxy.sent("/v1/locks/x") > 0)
        called.cancel()
        with pytest.raises(asyncio.CancelledError):
            await called


def test_works_over_a_unix_socket(tmp_path: Any, service: str, connect: Any) -> None:
    asked = []

    class Local(HTTPServer):
        address_family = __import__("socket").AF_UNIX

        def server_bind(self) -> None:
            self.socket.bind(self.server_address)

        def get_request(self) -> Any:
            return self.socket.accept()[0], ("local", 0)

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            answer = httpx.get(service + self.path, timeout=60)
            self.send_response(answer.status_code)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, *_: Any) -> None:
            pass

    server = Local(str(tmp_path / "s"), Answers)  # type: ignore[arg-type]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    client = connect("http://localhost", unix_socket=str(tmp_path / "s"))
    assert client.call("getLock", path={"name": "free"}).json["state"] == "free"
    server.shutdown()
    server.server_close()
    assert asked == ["/v1/locks/free"]


def test_a_condition_without_a_key_is_not_repeated_when_it_may_have_been_applied() -> None:
    lost = NoAnswerError()
    unavailable = LockstepError({"code": "store-unavailable", "status": 503})
    conditional = {"If-Match": '"a"'}
    assert not may_repeat(lost, "harmless", conditional)
    assert may_repeat(unavailable, "harmless", conditional)
    assert may_repeat(lost, "keyed", conditional)
    assert may_repeat(lost, "harmless", {})
    assert not may_repeat(LockstepError({"code": "lock-held", "status": 423}), "harmless", {})


def test_does_not_repeat_what_may_apply_again_when_its_answer_was_lost(
    client: Client, connect: Any, proxy: FaultProxy
) -> None:
    other = connect(proxy.url)
    path: Any = {"name": "revoked"}
    body: Any = {"reason": "in a test", "force": True}
    client.call("acquireLock", path=path)
    proxy.drop_replies()
    revoked = in_background(lambda: other.call("revokeLock", path=path, body=body))
    until(lambda: client.call("getLock", path=path).json["state"] == "free")
    client.call("acquireLock", path=path)
    proxy.heal()
    with pytest.raises(NoAnswerError):
        revoked()
    assert client.call("getLock", path=path).json["state"] == "held"
    assert proxy.sent("/v1/locks/revoked/revoke") == 1


def test_repeats_what_may_apply_again_when_it_was_not_applied(service: str, connect: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        gone = f"http://127.0.0.1:{listener.getsockname()[1]}"
    client: Client = connect([gone, service])
    body: Any = {"reason": "in a test", "force": True}
    assert client.call("revokeLock", path={"name": "free"}, body=body).json["revoked"] == 0
    unknown = LockstepError({"code": "outcome-unknown", "status": 503})
    unavailable = LockstepError({"code": "store-unavailable", "status": 503})
    assert not may_repeat(unknown, "applies-again", {})
    assert may_repeat(unavailable, "applies-again", {})


def test_a_client_works_in_a_process_that_was_forked(client: Client) -> None:
    import os

    client.cache.increment("stats", "forks")
    child = os.fork()
    if child == 0:
        os._exit(0 if client.cache.increment("stats", "forks") == 2 else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert client.cache.increment("stats", "forks") == 3


def test_an_asyncio_client_works_in_one_loop_after_another(service: str, namespace: str) -> None:
    client = AsyncClient(service, namespace=namespace)
    counts = [asyncio.run(client.cache.increment("stats", "loops")) for _ in range(2)]
    assert counts == [1, 2]
