"""Published programs: the service as the Dockerfile makes it, the echo, and an older service to compare with."""

import json
import subprocess
from pathlib import Path

from .processes import BenchError, say

REPOSITORY = Path(__file__).resolve().parents[2]


def run(args, cwd=REPOSITORY, **options):
    """Runs to the end; what it printed, or an error that tells it."""
    done = subprocess.run([str(arg) for arg in args], cwd=cwd, capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise BenchError(f"{' '.join(map(str, args))[:200]} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def publish(project, into):
    say(f"publish {project.name}")
    run(["dotnet", "publish", project, "-c", "Release", "-o", into, "--nologo", "-v", "quiet"], cwd=project)
    return into


def publish_service(into):
    return publish(REPOSITORY / "src" / "DelayQueueApi", into) / "DelayQueueApi.dll"


def publish_echo(into, service):
    echo = publish(REPOSITORY / "bench" / "Echo", into) / "Echo.dll"
    if runtime_settings(echo) != runtime_settings(service):
        raise BenchError("The echo would run with other runtime settings than the service: set them in Directory.Build.props.")
    return echo


def runtime_settings(program):
    options = json.loads(program.with_suffix(".runtimeconfig.json").read_text())["runtimeOptions"]
    return options["tfm"], options.get("configProperties")


def baseline(name, folder):
    """A folder with a published service, or a commit, which is published into folder."""
    if (Path(name) / "DelayQueueApi.dll").exists():
        return Path(name).resolve() / "DelayQueueApi.dll"
    commit = run(["git", "rev-parse", "--verify", f"{name}^{{commit}}"]).strip()
    source = folder / "baseline-source"
    source.mkdir()
    archive = subprocess.run(["git", "archive", commit], cwd=REPOSITORY, capture_output=True, check=True).stdout
    subprocess.run(["tar", "-x", "-C", source], input=archive, check=True)
    return publish(source / "src" / "DelayQueueApi", folder / "baseline") / "DelayQueueApi.dll"
