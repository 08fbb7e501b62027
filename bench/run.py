#!/usr/bin/env python3
"""Measures the service beside its yardsticks and prints a table in Markdown. See bench/README.md."""

import argparse
import resource
import shlex
import shutil
import signal
import sys
from dataclasses import asdict
from http.client import HTTPException
from pathlib import Path

from harness import builds, report
from harness.figures import alternate, warm_up
from harness.processes import BenchError, Processes, say
from harness.sizes import FULL, QUICK
from harness.targets import Echo, Service
from rows import ROWS
from rows.post import measure_echo

# What a store is called in the table: everysec and always are Redis with that appendfsync.
STORES = {"everysec": "", "always": "; Redis with fsync always", "embedded": "; embedded store"}


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="sizes of the published figures; without it a quick look, under 2 minutes once all is built")
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


def start(processes, services, echo, store, sizes):
    """The echo, where there is one, and the named services, each with a store of its own."""
    started = {name: Service(processes, program, name, store) for name, program in services.items()}
    if echo:
        started["echo"] = Echo(processes, echo)
        # It has little to compile.
        warm_up("echo", lambda: measure_echo(started["echo"], sizes), sizes.warm_up / 2)
    return started


def measure(row, subjects, warm, sizes):
    """Alternates the subjects: {name: [values of each repetition]}. warm: these services have been kept busy before."""
    measurements = {}
    for name, subject in subjects.items():
        if name == "echo":
            if row.echo:
                measurements[name] = lambda echo=subject: measure_echo(echo, sizes)
        elif not row.setup:
            measurements[name] = lambda service=subject: row.measure(service.emptied(), sizes)
        elif state := row.setup(subject, sizes):
            measurements[name] = lambda state=state: row.measure(state, sizes)
        if row.warm_up and name != "echo":
            warm_up(name, measurements[name], 0 if warm else sizes.warm_up)
    return alternate(measurements, 1 if row.once else sizes.repetitions * (sizes.uneven_times if row.uneven else 1))


def measure_all(names, services, echo, stores, sizes):
    """(row, store, what measure gives), or an error in its place, for every row and store."""
    for store in stores:
        rows = {name: ROWS[name] for name in names if store == "everysec" or ROWS[name].stores}
        with Processes() as shared:
            started = start(shared, services, echo if any(row.echo for row in rows.values()) else None, store, sizes)
            warm = False
            for name, row in rows.items():
                say(f"{name}, {store}")
                try:
                    if row.peer or row.fresh:
                        with Processes() as own:
                            subjects = {"peer": own} if row.peer else start(own, services, None, store, sizes)
                            found = measure(row, subjects, False, sizes)
                    else:
                        found = measure(row, started, warm, sizes)
                        warm = warm or row.warm_up
                except (BenchError, OSError, HTTPException) as error:
                    found = error
                yield row, store, found


def prepare():
    for tool in ("dotnet", "git", "redis-server", "redis-benchmark", "wrk"):
        if not shutil.which(tool):
            sys.exit(f"{tool} is not installed; see bench/README.md.")
    # So that SIGTERM stops what was started, as Ctrl-C does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    # A connection of every long poll, in this process and in the service.
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def main():
    options = parse()
    sizes = (FULL if options.full else QUICK).but(options.size + ([f"repetitions={options.reps}"] if options.reps else []))
    names = options.only or [name for name, row in ROWS.items() if options.full or not row.full_only]
    if options.baseline:
        names = [name for name in names if not ROWS[name].peer]
    stores = options.stores or (STORES if options.full else ["everysec"])
    prepare()
    command, setting = shlex.join(["bench/run.py", *sys.argv[1:]]), report.setting()

    lines, failed = [], False
    with Processes() as built:
        services = {"service": builds.publish_service(built.folder / "service")}
        echo = None
        if options.baseline:
            services["baseline"] = builds.baseline(options.baseline, built.folder)
        else:
            echo = builds.publish_echo(built.folder / "echo", services["service"])
        for row, store, found in measure_all(names, services, echo, stores, sizes):
            title = row.title.format(**asdict(sizes)) + STORES[store]
            if isinstance(found, Exception):
                say(f"FAILED: {title}: {found}")
                failed = True
            elif options.baseline:
                lines += report.against_baseline(row, title, found["service"], found["baseline"])
            else:
                lines += report.against_yardsticks(row, title, found, judged=store == "everysec")

    text = f"`{command}`\n\n{setting}\n\n{report.table(lines, options.baseline)}"
    print(text)
    if failed:
        say("FAILED: see above; nothing is written.")
        return 1
    if options.write:
        report.write(options.write, text)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
