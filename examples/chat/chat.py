"""A chat channel in a web page: serves the page, and passes its two calls on to the stream of the channel.

usage: chat.py CHANNEL PORT        (standard library only)
"""
import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SERVICE = os.environ.get("LOCKSTEP_URL", "http://127.0.0.1:7700")
STREAM = f"{SERVICE}/v1/streams/chat-{urllib.parse.quote(sys.argv[1], safe='')}"
CALLS = {"GET /events": f"{STREAM}/events?after=start", "POST /messages": f"{STREAM}/entries"}
PASSED_ON = ["Content-Type", "Idempotency-Key", "Last-Event-ID"]
PASSED_BACK = ["Content-Type", "Content-Length", "Cache-Control", "Idempotent-Replayed"]
# Here, and not in the page: EventSource sends no token, and visitors should not have one.
TOKEN = os.environ.get("LOCKSTEP_TOKEN")
AUTHORIZATION = {"Authorization": f"Bearer {TOKEN}"} if TOKEN else {}


def call(method, url, body, headers):
    request = urllib.request.Request(url, body, {**headers, **AUTHORIZATION}, method=method)
    try:
        # An idle event stream has a comment every 15 seconds.
        return urllib.request.urlopen(request, timeout=60)
    except urllib.error.HTTPError as refused:
        return refused


class Chat(BaseHTTPRequestHandler):
    def pass_on(self):
        url = CALLS.get(f"{self.command} {self.path}")
        if url is None:
            return self.send_error(404)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name: self.headers[name] for name in PASSED_ON if name in self.headers}
        try:
            with call(self.command, url, body or None, headers) as answer:
                # EventSource gives up at an answer such as 503. When it is cut off, it connects again.
                if answer.status >= 500:
                    return
                self.send_response(answer.status)
                for name in PASSED_BACK:
                    if name in answer.headers:
                        self.send_header(name, answer.headers[name])
                self.end_headers()
                while chunk := answer.read1(65536):
                    self.wfile.write(chunk)
        except OSError as error:
            print(f"cut off: {error}", file=sys.stderr)

    def do_GET(self):
        if self.path != "/":
            return self.pass_on()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(Path(__file__).with_name("index.html").read_bytes())

    do_POST = pass_on

    def log_message(self, *_):
        pass


# A new page shows the newest 100 messages. A channel that has settings keeps them: 412.
settings = json.dumps({"capacity": 100, "maxAgeMs": 7 * 24 * 3600 * 1000}).encode()
configured = call("PUT", STREAM, settings, {"Content-Type": "application/json", "If-None-Match": "*"})
if configured.status not in (200, 201, 412):
    sys.exit(configured.read().decode())
server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Chat)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
