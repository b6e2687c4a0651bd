"""Works through the messages of a queue. It extends their leases while it works, reports what failed,
and gives back what it has not begun when it has to stop.

usage: worker.py QUEUE FOLDER        (standard library only)

A message is {"text": ..., "seconds": ...}: after these seconds its text is in FOLDER, in a file with
the id of the message as its name. So work that is done twice changes nothing.
"""
import json
import os
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from urllib.parse import quote

queue, folder = sys.argv[1:]
URL = f"{os.environ.get('LOCKSTEP_URL', 'http://127.0.0.1:7700')}/v1/queues/{quote(queue, safe='')}"
stopping = waiting = False


def stop(*_):
    global stopping
    stopping = True
    # Nothing is lost: a message that was on its way is delivered again.
    if waiting:
        sys.exit()


def post(call, body):
    """Repeats the request while no answer comes. A settle can be repeated without harm."""
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{URL}/{call}", json.dumps(body).encode(), headers)
    for _ in range(5):
        pause = 1
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return json.load(response)
        except urllib.error.HTTPError as refused:
            if refused.code not in (429, 503):
                sys.exit(json.load(refused)["detail"])
            pause = int(refused.headers.get("Retry-After", 1))
        except OSError:
            pass
        time.sleep(pause)
    sys.exit(f"no answer from {URL}")


def settle(body, message_id):
    status = post("settle", body)["results"][0]["status"]
    # Another worker has the message, or had it: its work may be done twice.
    if status in ("stale", "gone"):
        print(f"{message_id} is {status}", file=sys.stderr)


def keep(receipts, visible_for_ms, done):
    """At half of its time, every message at hand gets as much again."""
    while not done.wait(visible_for_ms / 2_000):
        extensions = [{"receipt": one, "visibilityMs": max(1_000, visible_for_ms)} for one in list(receipts)]
        if extensions:
            post("settle", {"extend": extensions})


def work(message):
    text, seconds = message["body"]["text"], message["body"]["seconds"]
    print(f"doing {message['id']}", flush=True)
    time.sleep(seconds)
    with open(os.path.join(folder, message["id"]), "w") as file:
        file.write(text)


def work_through(messages):
    receipts = [message["receipt"] for message in messages]
    done = threading.Event()
    keeper = threading.Thread(target=keep, args=[receipts, messages[0]["visibleForMs"], done])
    keeper.start()
    try:
        for message in messages:
            if stopping:
                break
            receipt = message["receipt"]
            try:
                work(message)
                settlement = {"ack": [receipt]}
            except Exception as error:
                settlement = {"nack": [{"receipt": receipt, "error": repr(error)[:200]}]}
            receipts.remove(receipt)
            settle(settlement, message["id"])
    finally:
        done.set()
        keeper.join()
        if receipts:
            post("settle", {"release": receipts})


for name in (signal.SIGTERM, signal.SIGINT):
    signal.signal(name, stop)
while not stopping:
    waiting = True
    # No more than it does within the visibility of a message.
    messages = post("receive", {"limit": 5, "waitMs": 20_000})["items"]
    waiting = False
    if messages:
        work_through(messages)
