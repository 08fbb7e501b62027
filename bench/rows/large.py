"""Requests as large as they may be."""

import time

from harness.figures import Figure, Row, percentile
from harness.processes import BenchError
from harness.targets import HOUR_MS, body_of

MIB = 2**20


def measure(service, sizes):
    queue, client = service.new_queue(), service.client
    batch = body_of({"jobs": [{"queue": queue, "payload": "x" * 1022, "delayMs": HOUR_MS}] * 1000})
    single = body_of({"queue": queue, "payload": "x" * (MIB - 2)})
    times = {"batch": [], "post": [], "claim": []}

    def timed(name, *request):
        start = time.perf_counter()
        answer = client.send(*request)
        times[name].append((time.perf_counter() - start) * 1000)
        return answer

    for _ in range(sizes.large):
        if timed("batch", "POST", "/jobs/batch", batch).count(b'"status":201') != 1000:
            raise BenchError(f"{service.name}: not all jobs of a batch were made.")
        timed("post", "POST", "/jobs", single)
        if len(timed("claim", "POST", "/jobs/claim", body_of({"queues": [queue], "leaseMs": HOUR_MS}))) < MIB:
            raise BenchError(f"{service.name}: a claim came without its payload.")
    return {name: percentile(of, 50) for name, of in times.items()}


LARGE = Row(
    "Large requests, one at a time, median ms an answer",
    (
        Figure("batch", "`POST /jobs/batch` of 1,000 jobs of 1 KiB"),
        Figure("post", "`POST /jobs` with a payload of 1 MiB"),
        Figure("claim", "`POST /jobs/claim` of it"),
    ),
    measure)
