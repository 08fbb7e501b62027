"""What the scripts cost Redis, in instructions: these are nearly the same in every run, however busy the machine is."""

import shutil

from harness.figures import Figure, Row
from harness.processes import BenchError
from harness.targets import HOUR_MS, PAYLOAD

WARM_UP, CALLS = 5, 30


def setup(service, sizes):
    return service.sibling("counted", store="counted") if shutil.which("valgrind") and service.redis else None


def measure(service, sizes):
    return {f"{key}-{each}": value for each in (1, 100) for key, value in cycle(service, each).items()}


def cycle(service, each):
    """Instructions a job of making, claiming and settling so many jobs a call."""
    later, queue = service.new_queue(), service.new_queue()
    jobs = {name: [{"queue": name, "payload": PAYLOAD, **when}] * each for name, when in ((later, {"delayMs": HOUR_MS}), (queue, {}))}
    leases = []

    def make(name):
        service.client.call("POST", "/jobs/batch", {"jobs": jobs[name]})

    def claim():
        given = service.client.call("POST", "/jobs/claim", {"queues": [queue], "limit": each, "leaseMs": HOUR_MS})["jobs"]
        leases.append([{"id": job["id"], "leaseToken": job["lease"]["token"]} for job in given])

    def settle():
        service.client.call("POST", "/jobs/settle", {"acks": leases.pop()})

    def counted(act):
        for _ in range(WARM_UP):
            act()
        with service.redis.instructions() as spent:
            for _ in range(CALLS):
                act()
        return spent.count / CALLS / each

    for _ in range(WARM_UP + CALLS):
        make(queue)
    found = {"make": counted(lambda: make(later)), "claim": counted(claim), "settle": counted(settle)}
    totals = service.totals(queue)
    if not totals["created"] == totals["acked"] == (WARM_UP + CALLS) * each:
        raise BenchError(f"{service.name}: not all jobs were made, claimed and acked: {totals}")
    return found


SCRIPTS = Row(
    "Instructions of Redis a job, 100 B payload, one call at a time",
    (
        Figure("make-1", "made, one a call"),
        Figure("claim-1", "claimed, one a call"),
        Figure("settle-1", "acked, one a call"),
        Figure("make-100", "made, 100 a call"),
        Figure("claim-100", "claimed, 100 a call"),
        Figure("settle-100", "acked, 100 a call"),
    ),
    measure, setup=setup, fresh=True, once=True, full_only=True)
