"""A log of orders that two groups work through, and a sum that is rebuilt from its first entry.

usage: orders.py place STREAM ORDER AMOUNT        (standard library only)
       orders.py bill STREAM FOLDER               the group `billing`
       orders.py mail STREAM FOLDER               the group `mail`
       orders.py total STREAM

A group writes each order to FOLDER, into a file with the id of the entry in its name. So work that is
done twice changes nothing.
"""
import json
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from urllib.parse import quote

command, stream, *rest = sys.argv[1:]
URL = f"{os.environ.get('LOCKSTEP_URL', 'http://127.0.0.1:7700')}/v1/streams/{quote(stream, safe='')}"
stopping = waiting = False


def stop(*_):
    global stopping
    stopping = True
    # Nothing is lost: an entry that was on its way is delivered again.
    if waiting:
        sys.exit()


def call(method, at, body=None, **headers):
    """Repeats the request while no answer comes. Each one here can be repeated without harm."""
    data = None if body is None else json.dumps(body).encode()
    if data:
        headers["Content-Type"] = "application/json"
    request = urllib.request.Request(f"{URL}/{at}", data, headers, method=method)
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


def place(order, amount):
    """With the order as its key, a place that is repeated appends nothing again."""
    placed = {"event": "order.placed", "data": {"order": order, "amount": int(amount)}}
    answer = call("POST", "entries", {"entries": [placed]}, **{"Idempotency-Key": f"order-{order}"})
    print(answer["entries"][0]["id"])


def bill(data):
    if data["amount"] <= 0:
        raise ValueError("there is no amount")
    return f"order {data['order']} costs {data['amount']}\n"


def mail(data):
    return f"order {data['order']} is placed\n"


def work_through(entries, group, work, folder):
    settlement = {"ack": [], "nack": [], "release": []}
    for entry in entries:
        receipt = entry["receipt"]
        if stopping:
            settlement["release"].append(receipt)
            continue
        try:
            print(group, entry["id"], flush=True)
            text = work(entry["data"])
            with open(os.path.join(folder, f"{group}-{entry['id']}"), "w") as file:
                file.write(text)
            settlement["ack"].append(receipt)
        except Exception as error:
            settlement["nack"].append({"receipt": receipt, "error": repr(error)[:200]})
    call("POST", f"groups/{group}/settle", settlement)


def consume(group, work, folder):
    """Works through the orders as a consumer of a group, until it has to stop."""
    global waiting
    waiting = True
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, stop)
    # From the first order on. A group that exists stays where it is.
    call("PUT", f"groups/{group}", {"start": "start"})
    while not stopping:
        entries = call("POST", f"groups/{group}/receive", {"limit": 10, "waitMs": 20_000})["items"]
        waiting = False
        if entries:
            work_through(entries, group, work, folder)
        waiting = True


def total():
    """Reads all orders, page by page."""
    orders, amounts, after = 0, 0, "start"
    while after:
        page = call("GET", f"entries?after={after}")
        if page["missed"]:
            sys.exit(f"{page['missed']} entries are gone")
        orders += len(page["items"])
        amounts += sum(entry["data"]["amount"] for entry in page["items"])
        after = page.get("nextCursor")
    print(f"{orders} orders, {amounts} in all")


if command == "place":
    place(*rest)
elif command == "bill":
    consume("billing", bill, *rest)
elif command == "mail":
    consume("mail", mail, *rest)
elif command == "total":
    total()
