"""Claim and ack, one job a request."""

from harness import loads
from harness.figures import Figure, Row
from harness.processes import BenchError

CONNECTIONS = 64


def work(service, jobs, limit, connections, **options):
    """Has so many jobs put into a queue and worked off, and checks the service's count of it: (seconds, CPU)."""
    queue = service.new_queue()
    # A few more, so that no claim comes back empty.
    service.fill(queue, jobs + connections * limit)
    with service.cpu() as cpu:
        seconds = loads.work(service, queue, jobs, limit, connections, **options)
    totals = service.totals(queue)
    done = totals["claimed" if options.get("mode") == "claim" else "acked"]
    if not jobs <= done <= jobs + 2 * connections * limit or totals["leasesExpired"] > 0:
        raise BenchError(f"{service.name}: {jobs} jobs were answered with success, the service counts {totals}.")
    return seconds, cpu


def measure(service, sizes):
    seconds, cpu = work(service, sizes.cycles, 1, CONNECTIONS)
    return {"rate": sizes.cycles / seconds, "cpu": cpu.micros(sizes.cycles), "store-cpu": cpu.store * 1e6 / sizes.cycles}


CLAIM = Row(
    f"Claim and ack, one job a request, {CONNECTIONS} connections",
    (
        Figure("rate", "cycles/s, beside requests/s of the echo", "echo-rate", 0.25, 0.35, more_is_better=True),
        Figure("cpu", "CPU a cycle, service and Redis, µs", "echo-cpu"),
        Figure("store-cpu", "of it Redis, µs"),
    ),
    measure, echo=True, warm_up=True, stores=True)
