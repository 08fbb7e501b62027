"""Loads: wrk, and the programs in bench/loads."""

import json
import shutil
import tempfile
from functools import cache
from pathlib import Path

from .builds import run
from .processes import BenchError

LOADS = Path(__file__).resolve().parents[1] / "loads"
# Gone when the benchmark ends.
_compiled = tempfile.TemporaryDirectory(prefix="delayqueue-bench-")


@cache
def compiled(name):
    """A load in C, built once a run."""
    if not shutil.which("gcc"):
        raise BenchError(f"gcc, which builds bench/loads/{name}.c, is not installed; see bench/README.md.")
    program = Path(_compiled.name) / name
    run(["gcc", "-O2", "-Wall", "-o", program, LOADS / f"{name}.c", "-lm"])
    return program


def repeat(target, path, body, seconds, connections):
    """One request over and over: {requests, seconds, p50, p99}; times are ms."""
    output = run([
        # One thread: the load takes a core at most.
        "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", LOADS / "repeat.lua",
        f"http://127.0.0.1:{target.port}", "--", path, body])
    told = json.loads(output.splitlines()[-1])
    if told["failed"] or not told["requests"]:
        raise BenchError(f"{target.name}: {told['failed']} of {told['requests']} requests to {path} failed.")
    return told


def work(service, queue, jobs, limit, connections, mode="settle", leases="/dev/null", lease_ms=43_200_000):
    """Seconds that it takes to claim and ack so many jobs that are ready, limit a request.

    mode: "settle" does both, "claim" only claims and writes the leases into a file, if one is named, "ack" acks those of a file.
    lease_ms: unless said otherwise so long that no lease ends during the run.
    """
    told = json.loads(run([compiled("work"), service.port, mode, connections, queue, jobs, limit, lease_ms, leases]))
    if told["done"] < jobs or told["failed"]:
        raise BenchError(f"{service.name}: {told['done']} of {jobs} jobs, {told['failed']} failed answers, the last {told['last']}")
    return told["seconds"]


def lateness(service, queue, jobs, seconds, polls):
    """Puts jobs that become due over so many seconds, for long polls: ms that each is late, as the claims tell, and as the worker has it."""
    lines = run([compiled("lateness"), service.port, queue, jobs, seconds, polls]).splitlines()
    if len(lines) != jobs:
        raise BenchError(f"{service.name}: {len(lines)} of {jobs} jobs came.")
    told, arrived = zip(*(map(float, line.split()) for line in lines))
    return told, arrived
