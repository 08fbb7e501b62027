#!/usr/bin/env python3
"""The shop: it has its own database, and closes every order once however often it is told to.

shop.py DATABASE ORDERS.CSV PORT-FILE

POST /orders/close {"orderId", "fence", "worker", "lateMs", "attempt"}
    200 {"result": "closed"}   this call closed it
    200 {"result": "already"}  an earlier call had closed it
    409 {"result": "stale"}    a call with a larger fence came first: the caller's lease is over
    404 {"result": "unknown"}  no such order
GET /report        the figures as JSON
GET /report.txt    the same, to be read
"""

import csv
import json
import math
import pathlib
import signal
import sqlite3
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (
    id     INTEGER PRIMARY KEY,
    amount TEXT    NOT NULL,
    fence  INTEGER NOT NULL DEFAULT 0,  -- the largest that was ever shown for this order
    closed INTEGER NOT NULL DEFAULT 0
);
-- One row a call, and no key that would forbid a second "closed" for an order: the report must be able to find one.
CREATE TABLE IF NOT EXISTS deliveries (
    order_id INTEGER NOT NULL,
    fence    INTEGER NOT NULL,
    worker   TEXT    NOT NULL,
    attempt  INTEGER NOT NULL,
    late_ms  INTEGER NOT NULL,
    result   TEXT    NOT NULL
);
"""


class Shop:
    def __init__(self, database, orders_csv):
        # One connection and one lock: a close is decided and committed before the next one looks.
        self.lock = threading.Lock()
        self.db = sqlite3.connect(database, check_same_thread=False)
        self.db.execute("PRAGMA journal_mode = WAL")
        # A close that was answered must survive a power cut, since its job is acked next and never comes back.
        self.db.execute("PRAGMA synchronous = FULL")
        with self.db, open(orders_csv, encoding="utf-8", newline="") as file:
            self.db.executescript(SCHEMA)
            self.db.executemany(
                "INSERT OR IGNORE INTO orders (id, amount) VALUES (?, ?)",
                ((int(row["id"]), row["amount"]) for row in csv.DictReader(file)))

    def close(self, order_id, fence, worker, attempt, late_ms):
        with self.lock, self.db:
            order = self.db.execute("SELECT fence, closed FROM orders WHERE id = ?", (order_id,)).fetchone()
            if order is None:
                return "unknown"
            largest, closed = order
            if fence < largest:
                result = "stale"
            elif closed:
                result = "already"
            else:
                result = "closed"
            if result != "stale":
                self.db.execute("UPDATE orders SET fence = ?, closed = 1 WHERE id = ?", (fence, order_id))
            self.db.execute(
                "INSERT INTO deliveries (order_id, fence, worker, attempt, late_ms, result) VALUES (?, ?, ?, ?, ?, ?)",
                (order_id, fence, worker, attempt, late_ms, result))
            return result

    def report(self):
        with self.lock:
            orders, = self.db.execute("SELECT count(*) FROM orders").fetchone()
            closes = self.db.execute("SELECT order_id, attempt, late_ms FROM deliveries WHERE result = 'closed'").fetchall()
            workers = self.db.execute("SELECT worker, result, count(*) FROM deliveries GROUP BY worker, result ORDER BY worker").fetchall()
        closed = {order_id for order_id, _, _ in closes}
        by_worker = {}
        for worker, result, count in workers:
            by_worker.setdefault(worker, {"closed": 0, "already": 0, "stale": 0})[result] = count
        return {
            "orders": orders,
            "closed": len(closed),
            "closedTwice": len(closes) - len(closed),
            "redelivered": {
                "closed": sum(attempt > 1 for _, attempt, _ in closes),
                "already": sum(counts["already"] for counts in by_worker.values()),
                "stale": sum(counts["stale"] for counts in by_worker.values()),
            },
            "workers": by_worker,
            "lateMs": lateness([late for _, attempt, late in closes if attempt == 1]),
            "redeliveredLateMs": lateness([late for _, attempt, late in closes if attempt > 1]),
        }


def lateness(values):
    """Nearest-rank percentiles."""
    if not values:
        return {"count": 0}
    values.sort()

    def percentile(share):
        return values[math.ceil(share * len(values)) - 1]

    return {"count": len(values), "p50": percentile(0.50), "p99": percentile(0.99), "max": values[-1]}


def as_text(report):
    again = report["redelivered"]
    lines = [
        f"orders        {report['orders']:5}",
        f"closed        {report['closed']:5}",
        f"closed twice  {report['closedTwice']:5}",
        f"redelivered   {sum(again.values()):5}  "
        f"(closed by a later attempt {again['closed']}, closed already {again['already']}, refused as stale {again['stale']})",
        "",
    ]
    for worker, counts in report["workers"].items():
        lines.append(f"{worker:12}  {counts['closed']:5}  closed")
    lines += [
        "",
        f"late, ms: first attempts      {late_text(report['lateMs'])}",
        f"late, ms: redelivered orders  {late_text(report['redeliveredLateMs'])}",
        "A redelivered order's lateness counts from the end of the lease of the worker that was killed or hung.",
    ]
    return "\n".join(lines) + "\n"


def late_text(late):
    return f"p50 {late['p50']}, p99 {late['p99']}, max {late['max']} ({late['count']} orders)" if late["count"] else "none"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keeps connections open between calls
    # Head and body leave in one packet, at once; otherwise an answer can wait 40 ms for the client's acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self):
        if self.path == "/report":
            self.answer(200, self.server.shop.report())
        elif self.path == "/report.txt":
            self.answer(200, as_text(self.server.shop.report()))
        else:
            self.answer(404, {"result": "unknown"})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path != "/orders/close":
            self.answer(404, {"result": "unknown"})
            return
        try:
            call = json.loads(body)
            arguments = (int(call["orderId"]), int(call["fence"]), str(call["worker"]), int(call["attempt"]), int(call["lateMs"]))
        except (ValueError, KeyError, TypeError):
            self.answer(400, {"result": "invalid"})
            return
        result = self.server.shop.close(*arguments)
        self.answer({"stale": 409, "unknown": 404}.get(result, 200), {"result": result})

    def answer(self, status, content):
        is_text = isinstance(content, str)
        body = (content if is_text else json.dumps(content)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8" if is_text else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 64


def main():
    database, orders_csv, port_file = sys.argv[1:4]
    # Port 0: the system gives a free one. Only this machine can reach it.
    server = Server(("127.0.0.1", 0), Handler)
    server.shop = Shop(database, orders_csv)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    # Written aside and renamed, so that nobody reads half a port.
    half = pathlib.Path(port_file + ".new")
    half.write_text(f"{server.server_port}\n", encoding="utf-8")
    half.replace(port_file)
    server.serve_forever()


if __name__ == "__main__":
    main()
