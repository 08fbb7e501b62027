"""What loads are aimed at: the service with its store, and the echo."""

import http.client
import itertools
import json
import time
from contextlib import contextmanager

from .processes import BenchError, say
from .redis import Cluster, CountedRedis, Redis
from .threads import together

JSON = {"Content-Type": "application/json"}
HOUR_MS = 3_600_000
# A JSON text of 100 bytes.
PAYLOAD = {"k": "x" * 92}


def body_of(value):
    return json.dumps(value, separators=(",", ":"))


class Client:
    """One connection that is kept, one request at a time."""

    def __init__(self, port):
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=90)
        self._used = time.monotonic()

    def send(self, method, path, body=None):
        """The answer's bytes; anything but a 2xx is an error."""
        # The service closes what has been idle for two minutes.
        if time.monotonic() - self._used > 60:
            self._connection.close()
        self._used = time.monotonic()
        self._connection.request(method, path, body, JSON if body else {})
        answer = self._connection.getresponse()
        read = answer.read()
        if answer.status // 100 != 2:
            raise BenchError(f"{method} {path}: {answer.status} {read[:500].decode()}")
        return read

    def call(self, method, path, value=None):
        read = self.send(method, path, None if value is None else body_of(value))
        return json.loads(read) if read else None


class Target:
    """A published program that listens on a port of the system's choice."""

    def __init__(self, processes, program, name, env):
        self.name = name
        self.process = processes.start(["dotnet", program, "--urls", "http://127.0.0.1:0"], env)
        self.port = int(self.process.wait_for_line(r"Now listening on: http://127\.0\.0\.1:(\d+)")[1])


class Echo(Target):
    def __init__(self, processes, program):
        super().__init__(processes, program, "echo", {})

    @contextmanager
    def cpu(self):
        yield from _measure_cpu(self.process, None)


class Service(Target):
    _queues = itertools.count(1)

    def __init__(self, processes, program, name="service", store="everysec", partitions=1):
        """store is Redis with this appendfsync, "counted", "cluster" or "embedded"."""
        others = {"embedded": lambda _: None, "cluster": Cluster, "counted": CountedRedis}
        self.redis = others[store](processes) if store in others else Redis(processes, store)
        env = {"Store__DataDirectory": "data"} if self.redis is None else {"ConnectionStrings__Redis": self.redis.address, "Store__Partitions": str(partitions)}
        if store == "counted":
            env["Store__TimeoutMs"] = "60000"
        super().__init__(processes, program, name, {"ConnectionStrings__Redis": "", **env})
        self.client = Client(self.port)
        self.sibling = lambda other, **options: Service(processes, program, f"{name}, {other}", **{"store": store, **options})

    @contextmanager
    def cpu(self):
        yield from _measure_cpu(self.process, self.redis)

    def new_queue(self):
        return f"bench-{next(self._queues)}"

    def emptied(self):
        """Itself, with nothing in its Redis; the embedded store keeps what it has."""
        if self.redis:
            self.redis.empty()
        return self

    def totals(self, queue):
        return self.client.call("GET", f"/queues/{queue}")["totals"]

    def fill(self, queue, count, payload=PAYLOAD, **fields):
        """Puts count jobs into a queue, ready unless the fields say otherwise."""
        self.send_batches([{"queue": queue, "payload": payload, **fields}], count)

    def send_batches(self, jobs, count):
        """Puts count jobs like these, in turn, in batches of 1,000 on four connections."""
        sizes = [1000] * (count // 1000) + [count % 1000] * (count % 1000 > 0)
        starts = itertools.accumulate(sizes, initial=0)
        batches = zip(sizes, starts)

        def sender():
            client = Client(self.port)
            # next() of one iterator, so that every batch is sent by one thread.
            for size, start in batches:
                body = body_of({"jobs": [jobs[(start + i) % len(jobs)] for i in range(size)]})
                made = client.send("POST", "/jobs/batch", body).count(b'"status":201')
                if made != size:
                    raise BenchError(f"Only {made} of {size} jobs of a batch were made.")
                if start and start % 500_000 == 0:
                    say(f"  {start:,} of {count:,} jobs")

        together([sender] * 4)


class Cpu:
    """Seconds that were spent; those of a store inside of the service are the service's."""

    service = store = 0.0

    def micros(self, operations):
        return (self.service + self.store) * 1e6 / operations


def _measure_cpu(service, store):
    cpu = Cpu()
    before = service.cpu_seconds(), store.cpu_seconds() if store else 0
    yield cpu
    cpu.service = service.cpu_seconds() - before[0]
    cpu.store = store.cpu_seconds() - before[1] if store else 0
