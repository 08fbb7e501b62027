"""Many leases that end at once: do they stall others?"""

import signal
import subprocess
import time

from harness import loads
from harness.figures import Figure, Row, percentile
from harness.processes import BenchError
from harness.redis import Connection

# The yardstick of a busy server: a client like the reaper, of which a call at a time is on its way, and each takes about as long.
SETS = ["redis-benchmark", "-q", "-c", "1", "-P", "500", "-t", "set", "-d", "200", "-r", "1000"]
CONNECTIONS, LIMIT = 16, 100


def pings(redis, until):
    """Round trips of PING on a connection of their own until there is reason to stop, ms."""
    connection = Connection(redis.port)
    times = []
    while not times or len(times) % 20 or not until():
        start = time.perf_counter()
        connection.call("PING")
        times.append((time.perf_counter() - start) * 1000)
        time.sleep(0.0005)
    return times


def longest_pause(seconds):
    """How long the machine keeps a process from a core that does nothing but read the clock: the longest time between two readings, ms."""
    longest, last = 0, time.perf_counter()
    end = last + seconds
    while last < end:
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    return longest * 1000


def measure(service, sizes):
    quiet = time.monotonic() + 2
    idle = pings(service.redis, lambda: time.monotonic() > quiet)

    with subprocess.Popen([*SETS, "-n", str(sizes.sets), "-p", str(service.redis.port)], stdout=subprocess.DEVNULL) as sets:
        busy = pings(service.redis, lambda: sets.poll() is not None)

    queue = service.new_queue()
    service.fill(queue, sizes.expired + CONNECTIONS * LIMIT)
    loads.work(service, queue, sizes.expired, LIMIT, CONNECTIONS, mode="claim", lease_ms=sizes.lease_ms)
    leased = f"dq:{{0}}:q:default/{queue}:leased"
    if service.totals(queue)["leasesExpired"] > 0:
        raise BenchError(f"{service.name}: claiming took longer than a lease; take a smaller --size expired, or a longer --size lease_ms.")

    # Held still until all have ended: then they are found all at once, as after an outage.
    service.process.signal(signal.SIGSTOP)
    pause = longest_pause(sizes.lease_ms / 1000 + 0.1)
    with service.redis.longest_command() as longest:
        service.process.signal(signal.SIGCONT)
        start, limit = time.monotonic(), time.monotonic() + 60
        times = pings(service.redis, lambda: service.redis.connection.call("ZCARD", leased) == 0 or time.monotonic() > limit)
    seconds = time.monotonic() - start

    totals = service.totals(queue)
    expired = totals["leasesExpired"]
    # The service releases what it has claimed for the load when that is gone.
    if expired + totals["released"] != totals["claimed"] or expired < sizes.expired:
        raise BenchError(f"{service.name}: not all leases that ended were reaped within {seconds:.0f} s: {totals}")
    return {
        "script": longest(), "pause": pause, "most": max(times), "p99": percentile(times, 99), "idle-most": max(idle), "idle-p99": percentile(idle, 99),
        "busy-most": max(busy), "busy-p99": percentile(busy, 99), "seconds": seconds, "rate": expired / seconds}


REAPING = Row(
    "Reaping {expired:,} leases that end at once",
    (
        Figure("script", "longest command, by the clock of Redis, ms", must=5),
        Figure("pause", "yardstick: longest pause of a process that only reads the clock, ms"),
        Figure("most", "`PING` on another connection, longest, ms"),
        Figure("p99", "`PING` on another connection, p99, ms"),
        Figure("idle-most", "yardstick: `PING` of the idle server, longest, ms"),
        Figure("idle-p99", "yardstick: `PING` of the idle server, p99, ms"),
        Figure("busy-most", "yardstick: `PING` while `redis-benchmark` sets keys, longest, ms"),
        Figure("busy-p99", "yardstick: `PING` while `redis-benchmark` sets keys, p99, ms"),
        Figure("seconds", "until all are reaped, s"),
        Figure("rate", "leases/s", more_is_better=True),
    ),
    measure)
