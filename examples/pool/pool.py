"""Works through jobs with other workers, at most two jobs at a time in all: each job takes a permit
of a semaphore, under a session that ends when this worker dies.

usage: pool.py POOL WORKER JOB...        (standard library only)
"""
import contextlib
import json
import os
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
from urllib.parse import quote

URL = os.environ.get("LOCKSTEP_URL", "http://127.0.0.1:7700")


def post(path, body):
    """Repeats the request with the same key while no answer comes: it is applied once."""
    headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
    request = urllib.request.Request(URL + path, json.dumps(body).encode(), headers)
    for _ in range(5):
        pause = 1
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as refused:
            if refused.code != 503:
                return refused.code, json.load(refused)
            pause = int(refused.headers.get("Retry-After", 1))
        except OSError:
            pass
        time.sleep(pause)
    sys.exit(f"no answer from {URL}")


class Session:
    """One keepalive for all leases of this worker."""

    def __init__(self, pool, worker):
        # A Redis Cluster keeps a session and the names that begin with its prefix on one node.
        body = {"ttlMs": 15_000, "prefix": pool, "metadata": {"worker": worker}}
        asked = time.monotonic()
        status, answer = post("/v1/sessions", body)
        if status != 201:
            sys.exit(answer["detail"])
        self.token, self.until = answer["token"], asked + answer["expiresInMs"] / 1000

    def keep(self, stop):
        while not stop.wait(5):
            # The session is certain as long as a keepalive says, counted from before it was sent.
            asked = time.monotonic()
            status, answer = post("/v1/sessions/keepalive", {"token": self.token})
            self.until = asked + answer["expiresInMs"] / 1000 if status == 200 else 0

    def check(self):
        if time.monotonic() >= self.until:
            sys.exit("the session ended")


@contextlib.contextmanager
def open_session(pool, worker):
    session, stop = Session(pool, worker), threading.Event()
    keepalives = threading.Thread(target=session.keep, args=[stop])
    keepalives.start()
    try:
        yield session
    finally:
        stop.set()
        keepalives.join()
        post("/v1/sessions/end", {"token": session.token})


@contextlib.contextmanager
def permit(pool, session):
    semaphore = f"/v1/semaphores/{quote(pool, safe='')}@jobs"
    body = {"capacity": 2, "sessionToken": session.token, "waitMs": 20_000}
    # 423 when none is free for 20 s: asks again.
    while (answered := post(f"{semaphore}/acquire", body))[0] == 423:
        pass
    status, lease = answered
    if status != 200:
        sys.exit(lease["detail"])
    try:
        yield
    finally:
        post(f"{semaphore}/release", {"token": lease["token"]})


pool, worker, *jobs = sys.argv[1:]
with open_session(pool, worker) as session:
    for job in jobs:
        with permit(pool, session):
            session.check()
            time.sleep(0.1)  # The job.
            print(f"{worker} did {job}", flush=True)
