"""An activity feed: the newest 100 entries of the last seven days, and how many a reader did not see.

usage: feed.py post USER TEXT        (standard library only)
       feed.py read USER READER
"""
import json
import os
import sys
import urllib.error
import urllib.request
from urllib.parse import quote

URL = os.environ.get("LOCKSTEP_URL", "http://127.0.0.1:7700")
SETTINGS = {"capacity": 100, "maxAgeMs": 7 * 24 * 3600 * 1000}


def call(method, path, body=None, headers={}):
    request = urllib.request.Request(
        URL + path,
        data=body and json.dumps(body).encode(),
        headers={"Content-Type": "application/json", **headers} if body else headers,
        method=method,
    )
    with urllib.request.urlopen(request, timeout=5) as response:
        return json.load(response)


def post(feed, text):
    try:
        call("PUT", feed, SETTINGS, {"If-None-Match": "*"})
    except urllib.error.HTTPError as refused:
        # The first post makes the settings. Later ones leave them as they are: 412.
        if refused.code != 412:
            raise
    call("POST", f"{feed}/entries", {"entries": [{"event": "posted", "data": text}]})


def show(feed, reader):
    name = quote(reader, safe="")
    page = call("GET", f"{feed}/entries?order=desc&reader={name}")
    print(page["unread"], "unread")
    for i, entry in enumerate(page["items"]):
        print("*" if i < page["unread"] else " ", entry["data"])
    # Only what was shown is seen: an entry that came meanwhile stays unread.
    if page["items"]:
        call("PUT", f"{feed}/readers/{name}", {"seen": page["items"][0]["id"]})


command, user, argument = sys.argv[1:]
{"post": post, "read": show}[command](f"/v1/streams/feed-{quote(user, safe='')}", argument)
