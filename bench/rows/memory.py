"""What a pending job takes in Redis."""

from harness.figures import Figure, Row
from harness.targets import HOUR_MS


def measure(service, sizes):
    # So that the scripts are loaded and the buffers of the connections have grown.
    service.fill(service.new_queue(), 1000, delayMs=HOUR_MS)
    queue = service.new_queue()
    before = service.redis.used_memory()
    service.fill(queue, sizes.memory_jobs, delayMs=HOUR_MS)
    taken = service.redis.used_memory() - before

    def of(key, entries):
        return service.redis.connection.call("MEMORY", "USAGE", f"dq:{{0}}:{key}", "SAMPLES", 0) / entries

    return {
        "all": taken / sizes.memory_jobs,
        "record": of("jobs", sizes.memory_jobs + 1000), "index": of(f"q:default/{queue}:p4", sizes.memory_jobs)}


MEMORY = Row(
    "Redis memory a pending job, 100 B payload",
    (
        Figure("all", "bytes a job, `used_memory`", must=330, aim=270),
        Figure("record", "of it the record, `MEMORY USAGE`"),
        Figure("index", "of it the index by run-at, `MEMORY USAGE`"),
    ),
    measure, once=True)
