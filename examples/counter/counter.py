"""Many programs count in one file under a lock; no increment is lost, and a holder that came too
late does no harm.

usage: counter.py FILE TIMES        (standard library only)
"""
import json
import os
import sys
import urllib.request
import uuid

URL = os.environ.get("LOCKSTEP_URL", "http://127.0.0.1:7700")


def post(path, body, headers=None):
    request = urllib.request.Request(
        URL + path,
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", **(headers or {})},
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


def increment(path):
    # Stands in line for up to 20 s. A key per attempt, so that a retry finds its place again.
    key = {"Idempotency-Key": str(uuid.uuid4())}
    lease = post("/v1/locks/counter/acquire", {"ttlMs": 5_000, "waitMs": 20_000}, key)
    with open(path, "a+") as file:
        file.seek(0)
        value, last = map(int, file.read().split() or (0, 0))
        # Whoever writes under a fence above ours got the lock after us: our lease is over.
        if last >= lease["fence"]:
            sys.exit(f"stale fence {lease['fence']}")
        file.truncate(0)
        file.write(f"{value + 1} {lease['fence']}\n")
    post("/v1/locks/counter/release", {"token": lease["token"]})


path, times = sys.argv[1], int(sys.argv[2])
for _ in range(times):
    increment(path)
