"""A service that checks two limits before each request, per user and per address: it consumes from
both or from neither.

usage: gateway.py PORT        (standard library only)
"""
import json
import os
import sys
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

URL = os.environ.get("LOCKSTEP_URL", "http://127.0.0.1:7700")
# One group, because they are checked together: on a Redis Cluster it keeps them on one node.
WINDOW = {"windowMs": 60_000, "algorithm": "sliding-window", "group": "gateway"}
POLICIES = {"per-user": {"limit": 3, **WINDOW}, "per-address": {"limit": 100, **WINDOW}}
PASSED_ON = ["RateLimit", "RateLimit-Policy", "Retry-After"]


def call(method, path, body, timeout):
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(URL + path, json.dumps(body).encode(), headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=timeout) as response:
            return response.status, response.headers
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers


def check(user, address):
    """Whether the request may pass, and the headers for its answer."""
    limits = [{"policy": "per-user", "key": user}, {"policy": "per-address", "key": address}]
    try:
        status, headers = call("POST", "/v1/ratelimits/check?onDeny=reject", {"limits": limits}, 0.5)
    except OSError:
        status, headers = 503, {}
    if status not in (200, 429):
        # Better no limit than no service.
        print(f"not limited: the check was answered {status}", file=sys.stderr)
    return status != 429, [(name, headers[name]) for name in PASSED_ON if name in headers]


class Gateway(BaseHTTPRequestHandler):
    def do_GET(self):
        allowed, headers = check(self.headers.get("X-User", "nobody"), self.client_address[0])
        text = b"Hello.\n" if allowed else b"Too many requests.\n"
        self.send_response(200 if allowed else 429)
        for name, value in [*headers, ("Content-Length", str(len(text)))]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


for name, policy in POLICIES.items():
    status, _ = call("PUT", f"/v1/ratelimit-policies/{name}", policy, 30)
    if status not in (200, 201):
        sys.exit(f"the policy {name} was answered {status}")
server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Gateway)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
