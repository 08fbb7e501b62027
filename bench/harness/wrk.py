"""Loads that wrk makes, with the scripts in bench/loads."""

import json
from pathlib import Path

from .builds import run
from .processes import BenchError

LOADS = Path(__file__).resolve().parents[1] / "loads"


def repeat(target, path, body, seconds, connections):
    """One request over and over: {requests, seconds, p50, p99}; times are ms."""
    told = _wrk("repeat.lua", target, seconds, connections, path, body)
    if told["failed"] or not told["requests"]:
        raise BenchError(f"{target.name}: {told['failed']} of {told['requests']} requests to {path} failed.")
    return told


def work(service, queue, jobs, limit, connections, mode="settle", leases="", lease_ms=43_200_000):
    """Seconds that it takes to claim and ack so many jobs that are ready, limit a request.

    mode: "settle" does both, "claim" only claims and writes the leases into a file, "ack" acks those of a file.
    lease_ms: unless said otherwise so long that no lease ends during the run.
    """
    told = _wrk("work.lua", service, 600, connections, mode, queue, jobs, limit, lease_ms, leases)
    if told["done"] < jobs or told["failed"]:
        raise BenchError(f"{service.name}: {told['done']} of {jobs} jobs, {told['failed']} failed answers, the last {told['last']}")
    return told["seconds"]


def _wrk(script, target, seconds, connections, *args):
    output = run([
        # One thread: the scripts count in it.
        "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", LOADS / script,
        f"http://127.0.0.1:{target.port}", "--", *args])
    return json.loads(output.splitlines()[-1])
