"""The table in Markdown, and what it was measured on."""

import os
import platform
import re
import shutil
from pathlib import Path
from statistics import median

from .builds import REPOSITORY, run
from .figures import ratios, spread

BEGIN, END = "<!-- bench/run.py writes from here -->", "<!-- to here -->"


def against_yardsticks(row, title, found, judged):
    """The lines of a row. found: the values of each repetition of the service or peer, and of the echo; judged: whether the bounds are meant for it."""
    echo = found.pop("echo", None)
    measured = next(iter(found.values()), None)
    if not measured:
        yield f"**{title}**", "not installed", "", "", "", "", ""
        return
    yield f"**{title}**", "", "", "", "", "", ""
    for figure in row.figures:
        values = [repetition[figure.key] for repetition in measured]
        beside = [repetition[figure.yardstick] for repetition in echo or measured] if figure.yardstick else []
        pairs = ratios(values, beside) if beside else []
        bounds = (figure.bound(figure.must), figure.bound(figure.aim), figure.verdict(median(pairs or values))) if judged else ("", "", "")
        yield figure.title, spread(values), spread(beside) if beside else "", spread(pairs) if pairs else "", *bounds


def against_baseline(row, title, measured, baseline):
    yield f"**{title}**", "", "", "", ""
    for figure in row.figures:
        values, before = ([repetition[figure.key] for repetition in of] for of in (measured, baseline))
        pairs = ratios(values, before)
        yield figure.title, spread(values), spread(before), spread(pairs) if pairs else "", "more" if figure.more_is_better else "less"


def table(lines, baseline):
    head = ("", "this", "baseline", "this ÷ baseline", "better is") if baseline else ("", "measured", "yardstick", "ratio", "must", "aim", "holds")
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [head, ["---"] * len(head), *lines])


def setting():
    """The machine and the versions."""
    return f"{machine()}.\n{versions()}."


def machine():
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = int(re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())[1]) / 2**20
    system = platform.freedesktop_os_release()["PRETTY_NAME"]
    return f"{cpu[1] if cpu else platform.machine()}, {len(os.sched_getaffinity(0))} cores, {memory:.0f} GiB; {system}, Linux {platform.release()}"


def versions():
    def told(args, pattern):
        return re.search(pattern, run(args))[1] if shutil.which(args[0]) else "not installed"
    commit = run(["git", "rev-parse", "--short", "HEAD"]).strip()
    changed = " with changes" if run(["git", "status", "--porcelain", "src"]) else ""
    return ", ".join([
        f"DelayQueueApi {commit}{changed}",
        "Redis " + told(["redis-server", "--version"], r"v=(\S+)"),
        ".NET " + told(["dotnet", "--list-runtimes"], r"(?s).*Microsoft\.AspNetCore\.App (\S+)"),
        "wrk " + told(["sh", "-c", "wrk -v; true"], r"wrk \S*?(\d[^ ]*)"),
        "beanstalkd " + told(["beanstalkd", "-v"], r"beanstalkd (\S+)"),
        "Node.js " + told(["node", "--version"], r"v(\S+)"),
    ])


def write(path, text):
    """Puts the report between the two marks of a document."""
    document = path.read_text()
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    path.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}")
