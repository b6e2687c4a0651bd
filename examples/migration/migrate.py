"""Several services start at once: one of them migrates, the others wait and find it done.

usage: migrate.py NAME DATABASE        (standard library only)
"""
import contextlib
import json
import os
import sqlite3
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path

URL = os.environ.get("LOCKSTEP_URL", "http://127.0.0.1:7700")
TTL_S = 10


def post(path, body, key=None):
    """Without an answer the status is 503: the request may have been applied."""
    headers = {"Content-Type": "application/json", "Idempotency-Key": key or str(uuid.uuid4())}
    request = urllib.request.Request(URL + path, json.dumps(body).encode(), headers)
    try:
        try:
            response = urllib.request.urlopen(request, timeout=TTL_S)
        except urllib.error.HTTPError as refused:
            response = refused
        with response:
            return response.status, json.load(response), int(response.headers.get("Retry-After", 1))
    except (OSError, ValueError):
        return 503, {}, 1


def acquire(name, owner):
    # One key for all tries: it keeps the place in the queue, and a try whose answer was lost
    # gets the same lease.
    key = str(uuid.uuid4())
    # Each try is shorter than the lease, whose end is counted from before the try.
    body = {"ttlMs": TTL_S * 1000, "waitMs": TTL_S * 500, "owner": owner}
    while True:
        asked = time.monotonic()
        status, answer, pause = post(f"/v1/locks/{name}/acquire", body, key)
        if status == 200:
            return answer, asked + answer["expiresInMs"] / 1000
        if status == 503:
            time.sleep(pause)
        elif status != 423:
            sys.exit(answer["detail"])


class Lease:
    def __init__(self, name, owner):
        self.path = f"/v1/locks/{name}"
        answer, self.until = acquire(name, owner)
        self.token, self.fence = answer["token"], answer["fence"]

    def renew(self, stop):
        while not stop.wait(TTL_S / 3):
            asked = time.monotonic()
            status, answer, _ = post(f"{self.path}/renew", {"token": self.token})
            if status == 200:
                self.until = asked + answer["expiresInMs"] / 1000
            elif status != 503:
                self.until = 0

    def check(self):
        if time.monotonic() >= self.until:
            raise RuntimeError("the lock is lost")


@contextlib.contextmanager
def held(name, owner):
    """Renews the lock until the block ends, then releases it."""
    lease, stop = Lease(name, owner), threading.Event()
    renewals = threading.Thread(target=lease.renew, args=[stop])
    renewals.start()
    try:
        yield lease
    finally:
        stop.set()
        renewals.join()
        post(f"{lease.path}/release", {"token": lease.token})


name, database = sys.argv[1:]
steps = Path(__file__).parent / "steps"
with held("migrate", name) as lease:
    db = sqlite3.connect(database, timeout=60, isolation_level=None)
    db.executescript((steps / "0.sql").read_text())
    # From now on the database refuses every earlier holder.
    db.execute("UPDATE migration SET fence = ?", [lease.fence])
    [version] = db.execute("SELECT version FROM migration").fetchone()
    done = version
    while (step := steps / f"{done + 1}.sql").exists():
        lease.check()
        # A step and its fence are one transaction: both are written, or neither.
        db.executescript(
            f"BEGIN IMMEDIATE; UPDATE migration SET version = {done + 1}, fence = {lease.fence};"
            f"{step.read_text()} COMMIT"
        )
        done += 1
    print(f"{name}: {'migrated' if done > version else 'nothing to do'}")
