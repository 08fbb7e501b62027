"""A hundred jobs a request."""

from harness import loads
from harness.figures import Figure, Row
from harness.processes import BenchError
from harness.targets import HOUR_MS, PAYLOAD, body_of

from .claim import work

CONNECTIONS = 16
JOBS = 100


def measure(service, sizes):
    queue = service.new_queue()
    body = body_of({"jobs": [{"queue": queue, "payload": PAYLOAD, "delayMs": HOUR_MS}] * JOBS})
    with service.cpu() as enqueuing:
        load = loads.repeat(service, "/jobs/batch", body, sizes.seconds, CONNECTIONS)
    enqueued = load["requests"] * JOBS
    created = service.totals(queue)["created"]
    if not enqueued <= created <= enqueued + CONNECTIONS * JOBS:
        raise BenchError(f"{service.name}: {enqueued} jobs were answered with success, {created} were made.")

    claiming, _ = work(service, sizes.batched, JOBS, CONNECTIONS, mode="claim")
    settling, cpu = work(service, sizes.batched, JOBS, CONNECTIONS)
    return {
        "enqueued": enqueued / load["seconds"], "enqueue-cpu": enqueuing.micros(enqueued),
        "claimed": sizes.batched / claiming,
        "settled": sizes.batched / settling, "settle-cpu": cpu.micros(sizes.batched)}


BATCH = Row(
    f"Batches of {JOBS}, {CONNECTIONS} connections",
    (
        Figure("enqueued", "jobs/s enqueued by `POST /jobs/batch`", must=90_000, aim=150_000, more_is_better=True),
        Figure("enqueue-cpu", "CPU a job of it, service and Redis, µs"),
        Figure("claimed", "jobs/s claimed", must=90_000, aim=150_000, more_is_better=True),
        Figure("settled", "jobs/s claimed and settled by `POST /jobs/settle`", more_is_better=True),
        Figure("settle-cpu", "CPU a job of it, service and Redis, µs"),
    ),
    measure, warm_up=True, stores=True)
