"""How late due jobs reach their workers."""

import random
import time
from datetime import datetime, timezone
from threading import Lock

from harness.figures import Figure, Row, percentile
from harness.processes import BenchError
from harness.targets import Client, PAYLOAD
from harness.threads import together

POLLS = 8
# Jobs are put this long before they are due, s: between, so that a new job is now before, now after those that wait.
AHEAD = (0.5, 2)


def measure(service, sizes):
    round_trips, timers = yardsticks(service)
    told, arrived = deliver(service, sizes.lateness_jobs, sizes.lateness_seconds)
    values = {"told": told, "arrived": arrived, "round-trip": round_trips, "timer": timers}
    return {
        f"{name}-{share}": percentile(of, share) for name, of in values.items() for share in (50, 99, 100)}


def yardsticks(service):
    """What a round trip and a timer cost here while nothing else goes on, ms."""
    round_trips, timers = [], []
    for i in range(400):
        start = time.perf_counter()
        service.client.send("GET", "/health/live")
        if i >= 100:
            round_trips.append((time.perf_counter() - start) * 1000)
    for _ in range(100):
        start = time.perf_counter()
        time.sleep(0.01)
        timers.append((time.perf_counter() - start) * 1000 - 10)
    return round_trips, timers


def deliver(service, jobs, seconds):
    """Puts jobs over so many seconds, in the midst of which they become due: ms late, as the claims tell and as workers have them."""
    queue = service.new_queue()
    told, arrived, seen, failures = [], [], set(), []
    one_at_a_time = Lock()
    end = time.monotonic() + AHEAD[1] + seconds + 15

    def produce():
        client, start, chance = Client(service.port), time.time(), random.Random(1)
        for i in range(jobs):
            time.sleep(max(0, start + i * seconds / jobs - time.time()))
            due = datetime.fromtimestamp(time.time() + chance.uniform(*AHEAD), timezone.utc)
            client.call("POST", "/jobs", {"queue": queue, "payload": {"i": i, **PAYLOAD}, "runAt": due.isoformat(timespec="milliseconds")})

    def consume():
        client = Client(service.port)
        while len(seen) < jobs and not failures:
            if time.monotonic() > end:
                raise BenchError(f"Only {len(seen)} of {jobs} jobs came.")
            claimed = client.call("POST", "/jobs/claim", {"queues": [queue], "waitMs": 1000})["jobs"]
            now = time.time()
            for job in claimed:
                late = (now - datetime.fromisoformat(job["runAt"]).timestamp()) * 1000
                with one_at_a_time:
                    if late < 0 or job["lateMs"] < 0 or job["payload"]["i"] in seen:
                        raise BenchError(f"A job came early or twice: late {late} ms, {job}")
                    seen.add(job["payload"]["i"])
                told.append(job["lateMs"])
                arrived.append(late)
                client.call("POST", f"/jobs/{job['id']}/ack", {"leaseToken": job["lease"]["token"]})

    together([produce] + [consume] * POLLS, failures)
    return told, arrived


LATENESS = Row(
    f"Lateness over HTTP, ms: {{lateness_jobs:,}} jobs in {{lateness_seconds}} s, {POLLS} long polls",
    (
        Figure("told-50", "as the claim tells, p50"),
        Figure("told-99", "as the claim tells, p99", must=8, aim=3),
        Figure("told-100", "as the claim tells, longest"),
        Figure("arrived-50", "when the worker has it, p50"),
        Figure("arrived-99", "when the worker has it, p99", must=8, aim=3),
        Figure("arrived-100", "when the worker has it, longest"),
        Figure("round-trip-50", "yardstick: `GET /health/live`, there and back, p50"),
        Figure("round-trip-99", "yardstick: `GET /health/live`, there and back, p99"),
        Figure("timer-50", "yardstick: a timer of the same client, p50"),
        Figure("timer-99", "yardstick: a timer of the same client, p99"),
    ),
    measure)
