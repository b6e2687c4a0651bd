from __future__ import annotations

import json
import os
import re
import subprocess
import uuid
from pathlib import Path
from typing import Any, AsyncIterator, Callable, Iterator

import httpx
import pytest
from faults import FaultProxy
from waiting import BOUND_MS, until

from lockstep import AsyncClient, Client

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the service in LOCKSTEP_URL, or of one of `npm run build`."""
    if "LOCKSTEP_URL" in os.environ:
        yield os.environ["LOCKSTEP_URL"]
        return
    folder = tmp_path_factory.mktemp("service")
    # Long time-outs: on a busy machine Redis may answer late, which is a valid 503.
    names = ("REDIS_TIMEOUT", "CACHE_READ_TIMEOUT", "RATELIMIT_TIMEOUT", "OVERLOAD_DELAY")
    slow = {f"LOCKSTEP_{name}_MS": str(BOUND_MS) for name in names}
    own = {"LOCKSTEP_PORT": "0", "LOCKSTEP_DATA_DIR": str(folder / "data"), **slow}
    with open(folder / "stdout", "w+") as output:
        process = subprocess.Popen(
            ["node", "dist/main.js"], cwd=ROOT, env={**os.environ, **own}, stdout=output
        )
        try:
            found = until(lambda: re.search(r"listens on (http\S+)", (folder / "stdout").read_text()))
            until(lambda: httpx.get(f"{found[1]}/readyz").is_success)
            yield found[1]
        finally:
            process.terminate()
            process.wait()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def proxy(service: str) -> Iterator[FaultProxy]:
    proxy = FaultProxy(service)
    yield proxy
    proxy.close()


Connect = Callable[..., Any]


@pytest.fixture
def namespace() -> str:
    return f"test-{uuid.uuid4()}"


@pytest.fixture
def connect(service: str, namespace: str) -> Iterator[Connect]:
    """Clients in the namespace of the test, which wait as long as a busy machine needs."""
    clients = []

    def connect(url: Any = service, **options: Any) -> Client:
        client = Client(url, **{**patient(namespace), **options})
        clients.append(client)
        return client

    yield connect
    for client in clients:
        client.close()


@pytest.fixture
def client(connect: Connect) -> Client:
    made: Client = connect()
    return made


@pytest.fixture
async def aclient(service: str, namespace: str) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(service, **patient(namespace)) as client:
        yield client


def patient(namespace: str) -> Any:
    return {"namespace": namespace, "timeout_ms": BOUND_MS, "attempt_ms": BOUND_MS}


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Writes the results to LOCKSTEP_TEST_REPORT, in the form that .ci/tally.mjs sums."""
    stats = terminalreporter.stats
    failed = [*stats.get("failed", []), *stats.get("error", [])]
    results = [
        {"status": "failed", "fullName": one.nodeid, "failureMessages": [_message_of(one)]}
        for one in failed
    ]
    files = [{"name": str(Path(__file__).parent), "status": "failed", "assertionResults": results}]
    report = {"numPassedTests": len(stats.get("passed", [])), "testResults": files if failed else []}
    if "LOCKSTEP_TEST_REPORT" in os.environ:
        Path(os.environ["LOCKSTEP_TEST_REPORT"]).write_text(json.dumps(report))


def _message_of(report: Any) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    return crash.message if crash else str(report.longrepr)
