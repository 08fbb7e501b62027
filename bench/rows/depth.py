"""Does an operation take longer where millions of jobs wait?"""

import time
from tempfile import NamedTemporaryFile

from harness import loads
from harness.figures import Figure, Row
from harness.processes import BenchError, say
from harness.targets import HOUR_MS, PAYLOAD, body_of

CONNECTIONS = 64
# As many entries as a call has jobs under this load, like those of a new job.
CALLS, CALL = 1_000, 28
PLAIN = """
local ids, records, scores = {}, {}, {}
for i = 1, tonumber(ARGV[1]) do
  ids[i] = string.format('%014d', tonumber(ARGV[2]) + i)
  records[2 * i - 1], records[2 * i] = ids[i], string.rep('r', 117)
  scores[2 * i - 1], scores[2 * i] = tonumber(ARGV[2]) + i, ids[i]
end
redis.call('HSET', KEYS[1], unpack(records))
redis.call('ZADD', KEYS[2], unpack(scores))
return ids
"""
OPERATIONS = {"enqueue": "`POST /jobs`", "claim": "`POST /jobs/claim`", "ack": "`POST /jobs/{id}/ack`"}


def setup(many, sizes):
    """Two services, one with few and one with many pending jobs, and what the many take."""
    few, queue = many.sibling("few"), many.new_queue()
    before = many.redis.used_memory()
    for service, count in (few, sizes.few), (many, sizes.many):
        say(f"  fill with {count:,} jobs")
        service.fill(queue, count, delayMs=HOUR_MS)
    return few, many, queue, many.redis.used_memory() - before


def measure(state, sizes):
    few, many, queue, memory = state
    beside = operations(few, queue, sizes)
    return {
        **operations(many, queue, sizes), **{f"few-{key}": value for key, value in beside.items()},
        "memory": memory / 2**30, "bytes": memory / sizes.many}


def operations(service, queue, sizes):
    """µs an operation, by the throughput over HTTP and in the scripts of Redis."""
    values = {}

    def timed(operation, work):
        before = service.redis.scripts()[1]
        count, seconds = work()
        values[operation] = seconds / count * 1e6
        values[f"{operation}-store"] = (service.redis.scripts()[1] - before) / count

    def enqueue():
        load = loads.repeat(service, "/jobs", body_of({"queue": queue, "payload": PAYLOAD}), sizes.seconds, CONNECTIONS)
        return load["requests"], load["seconds"]

    values["plain"] = plain(service.redis, "dq:{0}:jobs", f"dq:{{0}}:q:default/{queue}:p4")
    with NamedTemporaryFile() as leases:
        timed("enqueue", enqueue)
        # Not all, so that no claim comes back empty.
        ready = service.client.call("GET", f"/queues/{queue}")["ready"] - CONNECTIONS
        timed("claim", lambda: (ready, loads.work(service, queue, ready, 1, CONNECTIONS, mode="claim", leases=leases.name)))
        timed("ack", lambda: (ready, loads.work(service, queue, ready, 1, CONNECTIONS, mode="ack", leases=leases.name)))
    return values


def plain(redis, jobs, index):
    """µs an entry in the hash and the index of the queue, by a script that does nothing else; they are gone afterwards."""
    call, at = redis.connection.call, int(time.time() * 1000) + 2 * HOUR_MS
    before = redis.scripts()[1]
    made = [call("EVAL", PLAIN, 2, jobs, index, CALL, at + number * CALL) for number in range(CALLS)]
    spent = redis.scripts()[1] - before
    for ids in made:
        if call("HDEL", jobs, *ids) != CALL or call("ZREM", index, *ids) != CALL:
            raise BenchError("Not all entries of the yardstick are gone.")
    return spent / (CALLS * CALL)


DEPTH = Row(
    "{many:,} pending jobs beside {few:,}, 64 connections",
    (
        *(Figure(key, f"{title}, µs (1 ÷ throughput)", f"few-{key}", 1.3) for key, title in OPERATIONS.items()),
        *(Figure(f"{key}-store", f"{title}, µs in scripts of Redis", f"few-{key}-store", 1.3) for key, title in OPERATIONS.items()),
        Figure("plain", "yardstick: `HSET` and `ZADD` of a record and an entry alone, µs in a script of Redis", "few-plain"),
        Figure("memory", "`used_memory`, GiB"),
        Figure("bytes", "of it bytes a job"),
    ),
    measure, setup=setup, warm_up=True, fresh=True, full_only=True)
