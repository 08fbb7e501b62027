"""How late due jobs reach their workers."""

import time

from harness import loads
from harness.figures import Figure, Row, percentile

POLLS = 8


def measure(service, sizes):
    round_trips, timers = yardsticks(service)
    told, arrived = loads.lateness(service, service.new_queue(), sizes.lateness_jobs, sizes.lateness_seconds, POLLS)
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
