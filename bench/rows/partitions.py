"""One, three and six partitions on a Redis Cluster of three primaries."""

from harness.figures import Figure, Row
from harness.processes import say

from . import batch, claim, post

PARTITIONS = (1, 3, 6)
OPERATIONS = {"post": "`POST /jobs`, requests/s", "cycles": "claim and ack, cycles/s", "enqueued": "batches of 100, jobs/s enqueued", "settled": "batches of 100, jobs/s claimed and settled"}


def setup(service, sizes):
    services = {count: service.sibling(f"{count} partitions", store="cluster", partitions=count) for count in PARTITIONS}
    for each in services.values():
        say(f"  {each.name}, warm-up")
        for _ in range(2):
            operations(each, sizes)
    return services


def measure(services, sizes):
    return {f"{key}-{count}": value for count, service in services.items() for key, value in operations(service, sizes).items()}


def operations(service, sizes):
    service.emptied()
    batches = batch.measure(service, sizes)
    return {
        "post": post.measure(service, sizes)["rate"], "cycles": claim.measure(service, sizes)["rate"],
        "enqueued": batches["enqueued"], "settled": batches["settled"]}


PARTITIONED = Row(
    "Redis Cluster of three primaries, beside one partition on it",
    tuple(
        Figure(f"{key}-{count}", f"{title}; {count} partition{'s' * (count > 1)}", f"{key}-1" if count > 1 else None, more_is_better=True)
        for key, title in OPERATIONS.items() for count in PARTITIONS),
    measure, setup=setup, fresh=True, full_only=True)
