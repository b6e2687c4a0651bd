"""Reads a profile through the cache: of many callers that miss at once, one loads it and the others
wait for it.

usage: profile.py USER FOLDER        (standard library only; the file FOLDER/USER is the profile)
"""
import json
import os
import sys
import time
import urllib.error
import urllib.request
from urllib.parse import quote

URL = os.environ.get("LOCKSTEP_URL", "http://127.0.0.1:7700")
user, folder = sys.argv[1:]
entry = f"{URL}/v1/cache/profiles/{quote(user, safe='')}"


def call(address, data=None, headers={}, method="GET"):
    request = urllib.request.Request(address, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers, ""
    except OSError:
        return 503, {}, ""


def load():
    """The profile, or None. Raises OSError if the database fails."""
    time.sleep(0.2)  # A database takes its time.
    with open(os.path.join(folder, "loads"), "a") as loads:
        loads.write(user + "\n")
    try:
        with open(os.path.join(folder, user)) as file:
            return file.read()
    except FileNotFoundError:
        return None


def fill(lease):
    try:
        value = load()
    except OSError:
        # No caller is granted a load for 5 s.
        body = json.dumps({"token": lease, "failed": True, "backoffMs": 5_000}).encode()
        call(f"{entry}/lease/cancel", body, {"Content-Type": "application/json"}, "POST")
        raise
    headers = {"Lockstep-Lease": lease, "Content-Type": "text/plain"}
    if value is None:
        headers["Lockstep-Negative"] = "true"
    # Refused if the profile changed meanwhile: then it is used once, and not cached.
    call(entry, (value or "").encode(), headers, "PUT")
    return value


def read():
    """How the profile was found, and the profile, or None."""
    while True:
        status, headers, text = call(f"{entry}?lease=true&waitMs=5000")
        state = headers.get("Lockstep-Lease-Status")
        if state == "granted":
            return "loaded", fill(headers["Lockstep-Lease"])
        if status == 200:
            return "cached", text
        if status != 404:
            return "loaded", load()  # Without a cache it is loaded just the same.
        if headers["Lockstep-State"] == "negative":
            return "cached", None
        if state == "backoff":
            sys.exit("the last load failed a moment ago")
        time.sleep(int(headers["Retry-After"]))  # Another caller loads.


how, value = read()
print(f"{how}: {'nobody' if value is None else value}")
