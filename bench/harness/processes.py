"""Processes that the benchmark starts, their CPU time and memory, and their end."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

START = time.monotonic()
TICKS = os.sysconf("SC_CLK_TCK")


class BenchError(Exception):
    """A check that failed, or something that could not be started."""


def say(text):
    """Progress, for those who wait, with the seconds since the start."""
    print(f"{time.monotonic() - START:5.0f} s  {text}", file=sys.stderr, flush=True)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(what, check, seconds=30):
    """Until check gives something that is true; gives it back."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = check()
        if found:
            return found
        time.sleep(0.02)
    raise BenchError(f"{what}: not within {seconds} s")


class Process:
    def __init__(self, args, folder, env):
        self.name = Path(args[0]).name
        self.log = folder / "log"
        with self.log.open("w") as log:
            # A session of its own: Ctrl-C reaches only the benchmark, which then stops what it started.
            self._process = subprocess.Popen(
                args, cwd=folder, env={**os.environ, **env}, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        self.pid = self._process.pid

    def wait_for_line(self, pattern):
        """Until the log has a line that matches; gives the match."""
        def look():
            if self._process.poll() is not None:
                raise BenchError(f"{self.name} ended with {self._process.returncode}:\n{self.log.read_text()[-2000:]}")
            return re.search(pattern, self.log.read_text())
        return wait_for(f"{self.name} to say {pattern}", look)

    def cpu_seconds(self):
        """User and system time of all its threads."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def resident_bytes(self):
        return int(re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{self.pid}/status").read_text())[1]) * 1024

    def signal(self, number):
        self._process.send_signal(number)

    def stop(self):
        # SIGTERM would make Redis save and the service wait for its polls; nothing of theirs is needed any more.
        self._process.kill()
        self._process.wait()


class Processes:
    """Everything that was started in it has ended when it is left, and its files are gone."""

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="delayqueue-bench-"))
        self._started = []
        return self

    def __exit__(self, *_):
        for process in reversed(self._started):
            process.stop()
        shutil.rmtree(self.folder)

    def start(self, args, env=None):
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        process = Process([str(arg) for arg in args], folder, env or {})
        self._started.append(process)
        return process
