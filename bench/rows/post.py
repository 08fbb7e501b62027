"""POST /jobs, one job a request."""

from harness import loads
from harness.figures import Figure, Row
from harness.processes import BenchError
from harness.targets import HOUR_MS, PAYLOAD, body_of

CONNECTIONS = 64


def request(queue):
    return body_of({"queue": queue, "payload": PAYLOAD, "delayMs": HOUR_MS})


def measure_echo(echo, sizes):
    """The same bytes to the echo."""
    with echo.cpu() as cpu:
        load = loads.repeat(echo, "/echo", request("bench-0"), sizes.seconds, CONNECTIONS)
    return {"echo-rate": load["requests"] / load["seconds"], "echo-cpu": cpu.micros(load["requests"])}


def measure(service, sizes):
    queue = service.new_queue()
    with service.cpu() as cpu:
        load = loads.repeat(service, "/jobs", request(queue), sizes.seconds, CONNECTIONS)
    requests = load["requests"]
    created = service.totals(queue)["created"]
    # One a connection may have been on its way when the time was up.
    if not requests <= created <= requests + CONNECTIONS:
        raise BenchError(f"{service.name}: {requests} jobs were answered with success, {created} were made.")
    return {
        "rate": requests / load["seconds"], "cpu": cpu.micros(requests), "store-cpu": cpu.store * 1e6 / requests,
        "p50": load["p50"], "p99": load["p99"]}


POST = Row(
    f"`POST /jobs`, {CONNECTIONS} connections, 100 B payload, an hour ahead",
    (
        Figure("rate", "requests/s", "echo-rate", 0.5, 0.7, more_is_better=True),
        Figure("cpu", "CPU a request, service and Redis, µs", "echo-cpu", 2, 1.6),
        Figure("store-cpu", "of it Redis, µs"),
        Figure("p50", "latency p50, ms"),
        Figure("p99", "latency p99, ms"),
    ),
    measure, echo=True, warm_up=True, stores=True, uneven=True)
