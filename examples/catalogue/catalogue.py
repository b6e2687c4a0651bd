"""Reads and changes a product in each pattern, and prints what that costs and risks.

usage: catalogue.py SERVICE        (standard library only; SERVICE is the address of service.py)
"""
import json
import os
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

LOCKSTEP = os.environ.get("LOCKSTEP_URL", "http://127.0.0.1:7700")
SERVICE = sys.argv[1]
READERS = 20


def call(address, method="GET", body=None, headers={}):
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", **headers}
    request = urllib.request.Request(address, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers, refused.read()


def change(address, body):
    status, _, text = call(address, "PUT", body)
    if status not in (201, 204):
        sys.exit(f"PUT {address}: {status} {text.decode()}")


class InService:
    """The service alone, without a cache."""

    risk = "every reader waits for the database, and all of them fail while it is away"

    def __init__(self, product):
        self.origin = f"{SERVICE}/products/{product}"
        self.entry = f"{LOCKSTEP}/v1/cache/{self.space}/{product}"
        self.invalidate = f"{LOCKSTEP}/v1/cache/{self.space}/invalidate"
        self.product = product

    space = "none"

    def read(self):
        return self.value(call(self.origin))

    def write(self, body):
        change(self.origin, body)

    def value(self, answer):
        status, _, text = answer
        if status != 200:
            sys.exit(f"{self.entry}: {status} {text.decode()}")
        return json.loads(text)


class Aside(InService):
    """The callers ask the service for what the cache lacks, and invalidate what they change."""

    space = "products-aside"
    risk = "a writer that dies before it invalidates leaves the old price until its time is over"

    def read(self):
        while True:
            answer = call(f"{self.entry}?lease=true&waitMs=30000")
            status, headers, _ = answer
            if headers.get("Lockstep-Lease-Status") == "granted":
                value = self.value(call(self.origin))
                call(self.entry, "PUT", value, {"Lockstep-Lease": headers["Lockstep-Lease"]})
                return value
            if status != 404:
                return self.value(answer)
            time.sleep(int(headers["Retry-After"]))  # Another caller loads.

    def write(self, body):
        change(self.origin, body)
        status, _, text = call(self.invalidate, "POST", {"keys": [self.product], "mode": "hard"})
        if status != 204:
            sys.exit(f"{self.invalidate}: {status} {text.decode()}")


class ReadThrough(Aside):
    """Lockstep asks the service for what it lacks; writers still invalidate."""

    space = "products-read"
    risk = "the same as in cache-aside: the writer has to invalidate"

    def read(self):
        return self.value(call(self.entry))


class WriteThrough(ReadThrough):
    """Readers and writers know Lockstep alone."""

    space = "products-write"
    risk = "no write while the service is away; changes behind Lockstep are seen late"

    def write(self, body):
        change(self.entry, body)


PATTERNS = {
    "no cache": InService,
    "cache-aside": Aside,
    "read-through": ReadThrough,
    "write-through": WriteThrough,
}


def requests():
    return sum(json.loads(call(f"{SERVICE}/requests")[2]).values())


def measure(what, work):
    before, began = requests(), time.monotonic()
    work()
    took = round((time.monotonic() - began) * 1000)
    count = requests() - before
    print(f"  {what}: {count} {'request' if count == 1 else 'requests'} to the service, {took} ms")


def expect(price, product):
    if product["price"] != price:
        sys.exit(f"the price is {product['price']}, and should be {price}")


def show(name, pattern):
    print(name)
    pattern = pattern(f"{pattern.space}-{time.time_ns()}")
    change(pattern.origin, {"price": 7})

    def read_at_once():
        with ThreadPoolExecutor(READERS) as readers:
            for product in readers.map(lambda _: pattern.read(), range(READERS)):
                expect(7, product)

    measure(f"{READERS} readers of one product", read_at_once)
    measure("the same again", read_at_once)
    measure("a new price", lambda: pattern.write({"price": 8}))
    measure("a read of it", lambda: expect(8, pattern.read()))
    print(f"  risk: {pattern.risk}")


for name, pattern in PATTERNS.items():
    show(name, pattern)
