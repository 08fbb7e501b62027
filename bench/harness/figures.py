"""What a row measures, and how repetitions become one figure."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from statistics import median
from time import monotonic

from .processes import say


@dataclass(frozen=True)
class Figure:
    """One line of the table. must and aim bound its ratio to the yardstick where it has one, else the figure itself."""

    key: str
    title: str
    yardstick: str | None = None
    must: float | None = None
    aim: float | None = None
    more_is_better: bool = False

    def verdict(self, value):
        if self.must is None:
            return ""
        if self.aim is not None and self._holds(value, self.aim):
            return "aim"
        return "must" if self._holds(value, self.must) else "**missed**"

    def bound(self, bound):
        if bound is None:
            return ""
        return f"{'≥' if self.more_is_better else '≤'} {bound:,g}{' ×' if self.yardstick else ''}"

    def _holds(self, value, bound):
        return value >= bound if self.more_is_better else value <= bound


@dataclass(frozen=True)
class Row:
    """measure takes a service with an empty store and the sizes, and gives values by the keys of the figures and of their yardsticks."""

    # With {names} of sizes in it.
    title: str
    figures: tuple[Figure, ...]
    measure: Callable
    # Takes a service and the sizes once; what it gives goes into measure in place of the service. None: it is not installed.
    setup: Callable | None = None
    # No service is started; setup takes the processes in its place.
    peer: bool = False
    # Alternates with the echo, whose values are the yardsticks "echo-rate" and "echo-cpu".
    echo: bool = False
    # What is measured first is thrown away.
    warm_up: bool = False
    # Also measured on other stores.
    stores: bool = False
    # Not on the services of the other rows, which have done much.
    fresh: bool = False
    # Not repeated.
    once: bool = False
    # Its pairs differ most.
    uneven: bool = False
    full_only: bool = False


def warm_up(name, measure, seconds):
    """Measures for so long, once at least, for the just-in-time compiler, and throws it away."""
    end = monotonic() + seconds
    while True:
        say(f"  {name}, warm-up: {told(measure())}")
        if monotonic() >= end:
            return


def alternate(measurements, repetitions):
    """Calls each of the named functions in turn, every second time the other way round: {name: [values by key]}."""
    found = {name: [] for name in measurements}
    for repetition in range(repetitions):
        for name in reversed(measurements) if repetition % 2 else measurements:
            values = measurements[name]()
            say(f"  {name}, {repetition + 1} of {repetitions}: {told(values)}")
            found[name].append(values)
    return found


def told(values):
    return ", ".join(f"{key} {number(value)}" for key, value in values.items())


def number(value):
    """Three digits that count, thousands apart."""
    size = abs(value)
    return f"{value:,.0f}" if size >= 100 or value == 0 else f"{value:.1f}" if size >= 10 else f"{value:.2f}" if size >= 0.1 else f"{value:.2g}"


def percentile(values, share):
    return sorted(values)[max(0, ceil(share * len(values) / 100) - 1)]


def spread(values):
    """median (least–most)"""
    text = number(median(values))
    return text if len(values) == 1 else f"{text} ({number(min(values))}–{number(max(values))})"


def ratios(values, others):
    """Pair by pair: what changes from one repetition to the next does so in both."""
    return [value / other for value, other in zip(values, others, strict=True) if other]
