#!/usr/bin/env python3
"""Measures the service beside its yardsticks and prints a table in Markdown. See bench/README.md."""

import argparse
import shlex
import signal
import sys
from pathlib import Path

from harness import builds, report
from harness.figures import alternate
from harness.processes import BenchError, Processes, say
from harness.sizes import FULL, QUICK
from harness.targets import Echo, Service
from rows import ROWS
from rows.post import measure_echo

# What a store is called in the table: everysec and always are Redis with that appendfsync.
STORES = {"everysec": "", "always": "; Redis with fsync always", "embedded": "; embedded store"}


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="sizes of the published figures; without it a quick look, under 2 minutes")
    parser.add_argument("--only", type=lambda names: names.split(","), help=f"rows, with commas between: {', '.join(ROWS)}")
    parser.add_argument("--stores", type=lambda names: names.split(","),
        help=f"stores of the rows that are measured on several: {', '.join(STORES)}; where nothing is said all in full, everysec in quick")
    parser.add_argument("--reps", type=int, help="repetitions")
    parser.add_argument("--size", action="append", default=[], metavar="NAME=NUMBER", help="a size of harness/sizes.py")
    parser.add_argument("--baseline", metavar="COMMIT|FOLDER", help="alternate with an older service, a commit or published, in place of the yardsticks")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the table between the marks of this document")
    options = parser.parse_args()
    for name in (options.only or []) + (options.stores or []):
        if name not in ROWS and name not in STORES:
            parser.error(f"there is no {name}")
    return options


def measure(row, services, echo, store, sizes):
    """Alternates the named services, and the echo where there is one, all freshly started: {name: [values of each repetition]}."""
    with Processes() as processes:
        measurements = {}
        if echo:
            beside = Echo(processes, echo)
            measurements["echo"] = lambda: measure_echo(beside, sizes)
        for name, program in services.items():
            service = Service(processes, program, name, store)
            measurements[name] = lambda service=service: row.measure(service.emptied(), sizes)
        return alternate(measurements, 1 if row.once else sizes.repetitions, sizes.warm_up if row.warm_up else 0)


def main():
    options = parse()
    sizes = (FULL if options.full else QUICK).but(options.size + ([f"repetitions={options.reps}"] if options.reps else []))
    stores = options.stores or (list(STORES) if options.full else ["everysec"])
    chosen = options.only or [name for name, row in ROWS.items() if options.full or not row.full_only]
    # So that SIGTERM stops what was started, as Ctrl-C does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))

    lines, failed = [], []
    with Processes() as built:
        services = {"service": builds.publish_service(built.folder / "service")}
        echo = None
        if options.baseline:
            services["baseline"] = builds.baseline(options.baseline, built.folder)
        else:
            echo = builds.publish_echo(built.folder / "echo", services["service"])
        for name in chosen:
            row = ROWS[name]
            for store in stores if row.stores else ["everysec"]:
                say(f"{name}, {store}")
                try:
                    found = measure(row, services, echo if row.echo else None, store, sizes)
                except BenchError as error:
                    say(f"FAILED: {error}")
                    failed.append(name)
                    continue
                compared = report.against_baseline if options.baseline else report.against_yardsticks
                lines += compared(row, found["service"], found.get("baseline", found.get("echo")), STORES[store])

    text = report.report(shlex.join(["bench/run.py", *sys.argv[1:]]), lines, options.baseline)
    print(text)
    if failed:
        say(f"FAILED: {', '.join(failed)}")
        return 1
    if options.write:
        report.write(options.write, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
