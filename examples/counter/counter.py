"""Many programs count in one file under a lock: no increment is lost, and a holder that is late
does no harm.

usage: counter.py FILE TIMES        (standard library only)
"""
import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid

URL = os.environ.get("LOCKSTEP_URL", "http://127.0.0.1:7700")


def post(path, body):
    """Repeats the request with the same key while no answer comes: it is applied once."""
    headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
    request = urllib.request.Request(URL + path, json.dumps(body).encode(), headers)
    for _ in range(5):
        pause = 1
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return json.load(response)
        except urllib.error.HTTPError as refused:
            if refused.code != 503:
                sys.exit(json.load(refused)["detail"])
            pause = int(refused.headers.get("Retry-After", 1))
        except OSError:
            pass
        time.sleep(pause)
    sys.exit(f"no answer from {URL}")


def increment(path):
    # Waits in the queue for up to 20 s.
    lease = post("/v1/locks/counter/acquire", {"ttlMs": 30_000, "waitMs": 20_000})
    try:
        with open(path, "a+") as file:
            file.seek(0)
            value, last = map(int, file.read().split() or (0, 0))
            # A higher fence in the file is that of a later holder: this lease is over.
            if last >= lease["fence"]:
                sys.exit(f"stale fence {lease['fence']}")
            file.truncate(0)
            file.write(f"{value + 1} {lease['fence']}\n")
    finally:
        post("/v1/locks/counter/release", {"token": lease["token"]})


path, times = sys.argv[1], int(sys.argv[2])
for _ in range(times):
    increment(path)
