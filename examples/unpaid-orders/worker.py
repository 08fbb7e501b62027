#!/usr/bin/env python3
"""Closes unpaid orders: claims jobs, closes each order in the shop under the lease's fence, then acks.

worker.py SERVICE SHOP NAME SECONDS     for example: worker.py http://127.0.0.1:8080 http://127.0.0.1:40001 python-1 60
Ends after so many seconds, or on SIGTERM, once the jobs at hand are done.
"""

import http.client
import json
import os
import signal
import sys
import time
import urllib.parse

QUEUE = os.environ.get("QUEUE", "unpaid-orders")


class Api:
    """One connection, kept open between calls."""

    def __init__(self, base):
        self.connection = http.client.HTTPConnection(urllib.parse.urlsplit(base).netloc, timeout=30)

    def post(self, path, body):
        """Returns the status and the answer. Raises OSError where there is none."""
        try:
            self.connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
            answer = self.connection.getresponse()
            content = answer.read()
            return answer.status, json.loads(content) if content else None
        except (OSError, http.client.HTTPException, ValueError) as error:
            # Whatever is left on this connection belongs to no later call.
            self.connection.close()
            raise OSError(str(error) or type(error).__name__) from error


def work(queue, shop, name, job):
    token = job["lease"]["token"]
    try:
        status, answer = shop.post("/orders/close", {
            "orderId": job["payload"]["orderId"],
            "fence": job["lease"]["fence"],
            "worker": name,
            "lateMs": job["lateMs"],
            "attempt": job["attempt"],
        })
        error = None if status == 200 else f"The shop answered {status}."
    except OSError as failure:
        status, error = None, f"The shop did not answer: {failure}"

    if status == 409:
        # A newer lease has been to the shop: the job is another worker's now.
        return
    if error:
        queue.post(f"/jobs/{job['id']}/nack", {"leaseToken": token, "error": error})
    else:
        queue.post(f"/jobs/{job['id']}/ack", {"leaseToken": token})


def main():
    service, shop_base, name, seconds = sys.argv[1:5]
    queue, shop = Api(service), Api(shop_base)
    deadline = time.monotonic() + float(seconds)
    stop = False

    def on_stop(*_):
        nonlocal stop
        stop = True

    signal.signal(signal.SIGTERM, on_stop)

    while not stop and time.monotonic() < deadline:
        try:
            status, answer = queue.post("/jobs/claim", {
                "queues": [QUEUE], "limit": 10, "leaseMs": 3000, "waitMs": 2000, "worker": name,
            })
            if status != 200:
                raise OSError(f"The claim was answered {status}.")
            for job in answer["jobs"]:
                work(queue, shop, name, job)
        except OSError as error:
            # Jobs in hand come back when their leases end, so there is nothing to repair here.
            print(f"{name}: {error}", file=sys.stderr)
            time.sleep(0.5)


if __name__ == "__main__":
    main()
