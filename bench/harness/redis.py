"""A redis-server of the benchmark's own, and a small client for what it tells about itself."""

import re
import socket
from contextlib import contextmanager

from .builds import run
from .processes import BenchError, free_port, wait_for


class Connection:
    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._lines = self._socket.makefile("rb")

    def call(self, *words):
        encoded = [str(word).encode() for word in words]
        self._socket.sendall(b"".join([b"*%d\r\n" % len(encoded), *(b"$%d\r\n%s\r\n" % (len(word), word) for word in encoded)]))
        return self._reply()

    def _reply(self):
        line = self._lines.readline()
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            raise BenchError(f"Redis: {rest.decode()}")
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self._lines.read(int(rest) + 2)[:-2].decode(errors="replace")
        if kind == b"*":
            return [self._reply() for _ in range(int(rest))]
        return rest.decode()


class Redis:
    """AOF, as the service is meant to be run; fsync is everysec unless told otherwise.

    The AOF is never rewritten: a rewrite would fall into some repetitions and not into others.
    """

    def __init__(self, processes, fsync="everysec", *settings, under=()):
        # The nodes of a cluster talk on a port that is 10,000 higher.
        self.port = next(port for port in iter(free_port, None) if port <= 55_535)
        self.address = f"127.0.0.1:{self.port}"
        self.process = processes.start([
            *under, "redis-server", "--bind", "127.0.0.1", "--port", self.port, "--save", "",
            "--appendonly", "yes", "--appendfsync", fsync, "--auto-aof-rewrite-percentage", "0", "--maxclients", "20000", *settings])
        self.process.wait_for_line("Ready to accept connections")
        self.connection = Connection(self.port)

    def empty(self):
        self.connection.call("FLUSHALL")

    def cpu_seconds(self):
        return self.process.cpu_seconds()

    def info(self, section):
        lines = self.connection.call("INFO", section).splitlines()
        return dict(line.split(":", 1) for line in lines if ":" in line)

    @contextmanager
    def longest_command(self):
        """A function that tells, after the end, how long the longest command took that was called meanwhile: ms by Redis' own clock, 1 or more."""
        took = [1_000]
        self._log_slow(than=1_000, most=10_000)
        try:
            yield lambda: max(took) / 1_000
            took += (entry[2] for entry in self.connection.call("SLOWLOG", "GET", -1))
        finally:
            self._log_slow(than=10_000, most=128)

    def _log_slow(self, than, most):
        """From now on, commands that take longer than so many µs."""
        self.connection.call("CONFIG", "SET", "slowlog-log-slower-than", than)
        self.connection.call("CONFIG", "SET", "slowlog-max-len", most)
        self.connection.call("SLOWLOG", "RESET")

    def used_memory(self):
        return int(self.info("memory")["used_memory"])

    def commands(self):
        """Commands since the start, those inside scripts among them."""
        return int(self.info("stats")["total_commands_processed"])

    def scripts(self):
        """(calls, µs) of all scripts since the start."""
        calls = spent = 0
        for name, value in self.info("commandstats").items():
            if name in ("cmdstat_eval", "cmdstat_evalsha"):
                fields = dict(field.split("=") for field in value.split(","))
                calls += int(fields["calls"])
                spent += int(fields["usec"])
        return calls, spent


class CountedRedis(Redis):
    """Under valgrind, which counts its instructions and makes it some fifty times slower."""

    def __init__(self, processes):
        super().__init__(processes, under=["valgrind", "--tool=callgrind", "--callgrind-out-file=counts"])
        self._counts = 0

    @contextmanager
    def instructions(self):
        """What is done within: its count is there at the end."""
        self._count()
        spent = Instructions()
        yield spent
        spent.count = self._count()

    def _count(self):
        """Instructions since the last time."""
        self._counts += 1
        run(["callgrind_control", "--dump", self.process.pid])
        counts = self.process.log.parent / f"counts.{self._counts}"
        return wait_for(f"{counts.name} of valgrind", lambda: counts.exists() and int((re.findall(r"(?m)^totals: (\d+)", counts.read_text()) or [0])[-1]))


class Instructions:
    count = 0


class Cluster:
    """Three primaries, each with a third of the slots."""

    def __init__(self, processes):
        self._nodes = [Redis(processes, "everysec", "--cluster-enabled", "yes") for _ in range(3)]
        self.address = ",".join(node.address for node in self._nodes)
        for number, node in enumerate(self._nodes):
            node.connection.call("CLUSTER", "ADDSLOTSRANGE", number * 16384 // 3, (number + 1) * 16384 // 3 - 1)
            node.connection.call("CLUSTER", "MEET", "127.0.0.1", self._nodes[0].port)
        wait_for("the cluster to be whole", lambda: all("cluster_state:ok" in node.connection.call("CLUSTER", "INFO") for node in self._nodes))

    def empty(self):
        for node in self._nodes:
            node.empty()

    def cpu_seconds(self):
        return sum(node.cpu_seconds() for node in self._nodes)
