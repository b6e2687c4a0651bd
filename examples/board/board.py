"""A game submits the scores of one player, then shows the best three and where the player stands.

usage: board.py BOARD PLAYER SCORE...        (standard library only)
"""
import json
import os
import sys
import urllib.request
from urllib.parse import quote

URL = os.environ.get("LOCKSTEP_URL", "http://127.0.0.1:7700")


def call(path, body=None):
    request = urllib.request.Request(
        URL + path,
        data=body and json.dumps(body).encode(),
        headers={"Content-Type": "application/json"} if body else {},
    )
    with urllib.request.urlopen(request, timeout=5) as response:
        return json.load(response)


def line(entry):
    return f"{entry['rank']} {entry['member']} {entry['score']}"


name, player, *scores = sys.argv[1:]
board = f"/v1/leaderboards/{quote(name, safe='')}"
# Only the best score counts, so a score that is sent twice does no harm.
call(f"{board}/scores", {"entries": [{"member": player, "score": int(s)} for s in scores]})

for entry in call(f"{board}/entries?limit=3")["items"]:
    print(line(entry))
print("you:", line(call(f"{board}/entries/{quote(player, safe='')}")))
