"""Other queues on the same machine, and the machine itself."""

import csv
import json
import shutil

from harness.builds import run
from harness.figures import Figure, Row
from harness.loads import LOADS, compiled
from harness.processes import BenchError, free_port, say
from harness.redis import Redis

CONNECTIONS = 64


def redis(processes, _):
    return Redis(processes)


def measure_redis(server, sizes):
    def rate(*command):
        # The last line of: "test","rps","avg_latency_ms",…
        told = run(["redis-benchmark", "-p", server.port, "-c", CONNECTIONS, "-n", sizes.peer_jobs, "-r", 1_000_000, "--csv", *command])
        return float(list(csv.reader(told.splitlines()))[-1][1])
    return {
        "set": rate("SET", "key:__rand_int__", "x" * 100), "hset": rate("HSET", "hash", "field:__rand_int__", "x" * 100),
        "eval": rate("EVAL", "return redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])", 1, "hash", "field:__rand_int__", "x" * 100)}


def beanstalkd(processes, _):
    if not shutil.which("beanstalkd") or not shutil.which("gcc"):
        return None
    load = compiled("beanstalkd")
    port, data = free_port(), processes.folder / "beanstalkd-data"
    data.mkdir()
    # As Redis: a log, fsync every second.
    server = processes.start(["beanstalkd", "-V", "-l", "127.0.0.1", "-p", port, "-b", data, "-f", 1000])
    server.wait_for_line("bind|listen")
    return load, port


def measure_beanstalkd(state, sizes):
    load, port = state

    def rate(mode):
        return sizes.peer_jobs / float(run([load, port, mode, CONNECTIONS, sizes.peer_jobs]))
    return {"put": rate("put"), "work": rate("work")}


def bullmq(processes, _):
    if not shutil.which("npm"):
        return None
    for name in ("package.json", "package-lock.json", "bullmq.mjs"):
        shutil.copy(LOADS / name, processes.folder)
    say("  npm ci")
    try:
        run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=processes.folder)
    except BenchError as error:
        say(f"  BullMQ cannot be installed: {error}")
        return None
    return Redis(processes), processes.folder / "bullmq.mjs"


def measure_bullmq(state, sizes):
    server, load = state

    def rate(mode):
        return sizes.peer_jobs / json.loads(run(["node", load, server.port, mode, sizes.peer_jobs]))
    server.connection.call("FLUSHALL")
    # What is added waits; the worker finishes all of it.
    values = {"add": rate("add")}
    values["work"] = rate("work")
    values["bulk"] = rate("bulk")
    return values


REDIS = Row(
    f"The machine: `redis-benchmark`, {CONNECTIONS} connections, 100 B, requests/s",
    (
        Figure("set", "`SET`", more_is_better=True),
        Figure("hset", "`HSET`", more_is_better=True),
        Figure("eval", "`EVAL` of a script with one `HSET`", more_is_better=True),
    ),
    measure_redis, setup=redis, peer=True)

BEANSTALKD = Row(
    f"beanstalkd with a log, {CONNECTIONS} connections, 100 B, its own protocol, jobs/s",
    (
        Figure("put", "put, an hour ahead", more_is_better=True),
        Figure("work", "put, reserve, delete", more_is_better=True),
    ),
    measure_beanstalkd, setup=beanstalkd, peer=True)

BULLMQ = Row(
    "BullMQ in process (no HTTP), 100 B, jobs/s",
    (
        Figure("add", f"add, {CONNECTIONS} at a time", more_is_better=True),
        Figure("bulk", "addBulk of 100, 8 at a time", more_is_better=True),
        Figure("work", f"done by one worker, {CONNECTIONS} at a time", more_is_better=True),
    ),
    measure_bullmq, setup=bullmq, peer=True, full_only=True)
