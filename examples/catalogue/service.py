"""A product service with its own database: the origin of the spaces in lockstep.yaml.

usage: service.py DATABASE PORT        (standard library only; prints the address it listens on)

GET, PUT and DELETE /products/ID; GET /requests says how many of each it had. It refuses a write that
Lockstep sent before one that it has.
"""
import json
import sqlite3
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

database, port = sys.argv[1], int(sys.argv[2])
requests = {"GET": 0, "PUT": 0, "DELETE": 0}
one_by_one = threading.Lock()

with sqlite3.connect(database) as schema:
    schema.execute("CREATE TABLE IF NOT EXISTS products (id TEXT PRIMARY KEY, body BLOB, version INTEGER)")


def query(text, **values):
    time.sleep(0.05)  # A database takes its time.
    with one_by_one:
        connection = sqlite3.connect(database)
        try:
            with connection:
                cursor = connection.execute(text, values)
                return cursor.fetchone(), cursor.rowcount
        finally:
            connection.close()


class Products(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/requests":
            return self.answer(200, json.dumps(requests).encode())
        self.count()
        row, _ = query("SELECT body FROM products WHERE id = :id AND body IS NOT NULL", id=self.path)
        self.answer(200, row[0]) if row else self.answer(404)

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.count()
        self.write(body)

    def do_DELETE(self):
        self.count()
        self.write(None)

    def write(self, body):
        # A row stays where a product was deleted: its version refuses what was sent before.
        version = int(self.headers.get("Lockstep-Version", 0))
        _, rows = query(
            "INSERT INTO products VALUES (:id, :body, :version) ON CONFLICT (id) DO UPDATE"
            " SET body = :body, version = max(version, :version)"
            " WHERE :version = 0 OR :version >= version",
            id=self.path, body=body, version=version,
        )
        self.answer(204 if rows else 412)

    def count(self):
        with one_by_one:
            requests[self.command] += 1

    def answer(self, status, body=b""):
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


with Server(("127.0.0.1", port), Products) as server:
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
