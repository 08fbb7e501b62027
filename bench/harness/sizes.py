"""How much of everything: a quick look, or what the published figures are made of."""

from dataclasses import asdict, dataclass, replace


@dataclass(frozen=True)
class Sizes:
    """Each can be set by --size NAME=NUMBER."""

    repetitions: int = 2
    # So many times as many repetitions of uneven rows.
    uneven_times: int = 1
    # At least so many seconds are thrown away. It takes a service that is kept busy 10 to 15 s to be compiled as it will stay.
    warm_up: int = 14
    # Of a load that has no number of its own.
    seconds: int = 2
    # Jobs that are claimed and acked, one a request, and a hundred a request.
    cycles: int = 20_000
    batched: int = 30_000
    lateness_jobs: int = 300
    lateness_seconds: int = 2
    memory_jobs: int = 100_000
    # Pending jobs beside which operations are timed.
    few: int = 10_000
    many: int = 100_000
    idle_seconds: int = 2
    polls: int = 1_000
    poll_queues: int = 100
    idle_queues: int = 1_000
    # Leases that end at once, how long they last, and what a busy server does beside which they are seen.
    expired: int = 20_000
    lease_ms: int = 2_000
    sets: int = 300_000
    # Of each large request.
    large: int = 5
    peer_jobs: int = 20_000

    def but(self, settings):
        """These with settings of the form NAME=NUMBER."""
        for setting in settings:
            if setting.partition("=")[0] not in asdict(self):
                raise SystemExit(f"--size {setting}: there are {', '.join(asdict(self))}")
        return replace(self, **{name: int(value) for name, _, value in (setting.partition("=") for setting in settings)})


QUICK = Sizes()
FULL = Sizes(
    repetitions=5, uneven_times=3, warm_up=20, seconds=8, cycles=60_000, batched=200_000, lateness_jobs=2_000, lateness_seconds=10, many=5_000_000,
    idle_seconds=20, polls=10_000, poll_queues=1_000, idle_queues=10_000, expired=100_000, lease_ms=10_000, sets=2_000_000, large=50, peer_jobs=200_000)
