"""How much of everything: a quick look, or what the published figures are made of."""

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Sizes:
    """Each can be set by --size NAME=NUMBER."""

    repetitions: int = 3
    # At least so many seconds are thrown away, for the just-in-time compiler.
    warm_up: int = 3
    # Of a load that has no number of its own.
    seconds: int = 2
    # Claims and acks, one job a request; claims and settles of a hundred; single claims of a big store.
    cycles: int = 20_000
    batched: int = 100_000
    lateness_jobs: int = 500
    lateness_seconds: int = 5
    memory_jobs: int = 20_000
    # Pending jobs beside which operations are timed.
    few: int = 10_000
    many: int = 100_000
    idle_seconds: int = 5
    polls: int = 1_000
    poll_queues: int = 100
    idle_queues: int = 1_000
    expired: int = 20_000
    large: int = 10
    peer_jobs: int = 50_000

    def but(self, settings):
        types = {field.name: field.type for field in fields(self)}
        for setting in settings:
            name, _, value = setting.partition("=")
            if name not in types:
                raise SystemExit(f"--size {setting}: there are {', '.join(types)}")
            object.__setattr__(self, name, types[name](value))
        return self


QUICK = Sizes()
FULL = Sizes(
    repetitions=5, warm_up=20, seconds=8, cycles=100_000, batched=500_000, lateness_jobs=2_000, lateness_seconds=10, memory_jobs=100_000, many=5_000_000,
    idle_seconds=20, polls=10_000, poll_queues=1_000, idle_queues=10_000, expired=100_000, large=50, peer_jobs=200_000)
