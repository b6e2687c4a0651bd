"""Several services start at once; one of them migrates, the others wait and find it done.

usage: migrate.py NAME VERSION_FILE        (standard library only)
"""
import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid

URL = os.environ.get("LOCKSTEP_URL", "http://127.0.0.1:7700")


def post(path, body, headers=None):
    request = urllib.request.Request(
        URL + path,
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", **(headers or {})},
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def acquire(lock, owner):
    # A key per attempt: if the answer is lost, the same attempt asked again gets the same lease.
    key = {"Idempotency-Key": str(uuid.uuid4())}
    while True:
        status, lease = post(f"/v1/locks/{lock}/acquire", {"ttlMs": 10_000, "owner": owner}, key)
        if status == 200:
            return lease
        if status not in (423, 503):
            sys.exit(f"{lease['code']}: {lease['detail']}")
        time.sleep(min(lease.get("retryAfterMs", 100), 100) / 1000)


name, version_file = sys.argv[1:]
lease = acquire("migrate", name)
if os.path.exists(version_file):
    print(f"{name}: nothing to do")
else:
    # A real migration would write the fence into the database, which refuses a smaller one.
    with open(version_file, "a") as file:
        file.write(f"migrated by {name} under fence {lease['fence']}\n")
    print(f"{name}: migrated")
post("/v1/locks/migrate/release", {"token": lease["token"]})
