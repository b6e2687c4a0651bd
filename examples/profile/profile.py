"""Reads a profile through the cache: of many that miss at once one loads it, the others wait for it.

usage: profile.py USER FOLDER        (standard library only; the profile stands in the file FOLDER/USER)
"""
import os
import sys
import time
import urllib.error
import urllib.request
from urllib.parse import quote

URL = os.environ.get("LOCKSTEP_URL", "http://127.0.0.1:7700")
user, folder = sys.argv[1:]
entry = f"{URL}/v1/cache/profiles/{quote(user, safe='')}"


def call(address, **options):
    try:
        with urllib.request.urlopen(urllib.request.Request(address, **options), timeout=10) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, ""
    except OSError:
        # Without a cache it is loaded just the same.
        return 503, {}, ""


def load():
    time.sleep(0.2)  # A database takes its time.
    with open(os.path.join(folder, "loads"), "a") as loads:
        loads.write(user + "\n")
    try:
        with open(os.path.join(folder, user)) as file:
            return file.read()
    except FileNotFoundError:
        return None


def read():
    while True:
        status, headers, text = call(f"{entry}?lease=true&waitMs=5000")
        lease = headers.get("Lockstep-Lease")
        if status not in (200, 404) or lease is not None:
            return "loaded", read_through(lease)
        if status == 200:
            return "cached", text
        if headers["Lockstep-State"] == "negative":
            return "cached", None  # known to have no value
        time.sleep(int(headers["Retry-After"]))


def read_through(lease):
    value = load()
    if lease is not None:
        headers = {"Lockstep-Lease": lease, "Content-Type": "text/plain"}
        if value is None:
            headers["Lockstep-Negative"] = "true"
        # Refused if the profile was changed meanwhile: then it is used once, and not cached.
        call(entry, method="PUT", data=(value or "").encode(), headers=headers)
    return value


how, value = read()
print(f"{how}: {'nobody' if value is None else value}")
