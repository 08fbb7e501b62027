"""What it costs while nothing happens."""

import select
import socket
import time
from contextlib import contextmanager

from harness.figures import Figure, Row
from harness.processes import BenchError
from harness.targets import HOUR_MS, PAYLOAD, body_of

FEW_POLLS = 100


@contextmanager
def long_polls(service, count, queues):
    """So many claims that wait, spread over so many empty queues; none may be answered before the end."""
    names = [service.new_queue() for _ in range(queues)]
    waiting = []
    try:
        for i in range(count):
            poll = socket.create_connection(("127.0.0.1", service.port))
            waiting.append(poll)
            body = body_of({"queues": [names[i % queues]], "waitMs": 60_000})
            poll.sendall(f"POST /jobs/claim HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        yield
        answers = select.poll()
        for poll in waiting:
            answers.register(poll, select.POLLIN)
        if answered := answers.poll(0):
            raise BenchError(f"{service.name}: {len(answered)} of {count} claims did not wait.")
    finally:
        for poll in waiting:
            poll.close()


def watch(service, seconds):
    """What happens by itself, a second."""
    # What was asked of it before is over by then.
    time.sleep(1)
    scripts, commands = service.redis.scripts()[0], service.redis.commands()
    with service.cpu() as cpu:
        time.sleep(seconds)
    # The two INFO are commands too.
    return {
        "scripts": (service.redis.scripts()[0] - scripts) / seconds, "commands": (service.redis.commands() - commands - 2) / seconds,
        "store-cpu": cpu.store / seconds * 100, "cpu": cpu.service / seconds * 100}


def measure_few(service, sizes):
    with long_polls(service, FEW_POLLS, 1):
        return watch(service, sizes.idle_seconds)


def measure_many(service, sizes):
    service.client.call("POST", "/jobs/claim", {})
    before = service.process.resident_bytes()
    with long_polls(service, sizes.polls, sizes.poll_queues):
        values = watch(service, sizes.idle_seconds)
        return {**values, "memory": (service.process.resident_bytes() - before) / sizes.polls / 1024}


def measure_queues(service, sizes):
    before = watch(service, sizes.idle_seconds)
    service.send_batches([{"queue": service.new_queue(), "payload": PAYLOAD, "delayMs": HOUR_MS} for _ in range(sizes.idle_queues)], sizes.idle_queues)
    return {**watch(service, sizes.idle_seconds), **{f"none-{key}": value for key, value in before.items()}}


IDLE = Row(
    f"Idle: {FEW_POLLS} long polls on one queue",
    (
        Figure("scripts", "scripts/s", must=1),
        Figure("commands", "Redis commands/s, those in scripts too"),
        Figure("store-cpu", "Redis, % of a core"),
        Figure("cpu", "service, % of a core"),
    ),
    measure_few, once=True)

POLLS = Row(
    "Idle: {polls:,} long polls over {poll_queues:,} queues",
    (
        Figure("scripts", "scripts/s"),
        Figure("commands", "Redis commands/s, those in scripts too"),
        Figure("store-cpu", "Redis, % of a core"),
        Figure("cpu", "service, % of a core"),
        Figure("memory", "service, KiB a waiting claim (resident)"),
    ),
    measure_many, once=True, fresh=True)

QUEUES = Row(
    "Idle: {idle_queues:,} queues with a job for later, beside none",
    (
        Figure("scripts", "scripts/s", "none-scripts"),
        Figure("commands", "Redis commands/s, those in scripts too", "none-commands"),
        Figure("store-cpu", "Redis, % of a core", "none-store-cpu"),
        Figure("cpu", "service, % of a core", "none-cpu"),
    ),
    measure_queues, once=True)
