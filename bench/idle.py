"""Measures what waiting claims cost while nothing is due: CLAIMS claims over QUEUES queues, for DURATION seconds.

python3 idle.py SERVICE_URL SERVICE_PID REDIS_PORT REDIS_PID
DELAYED=1 puts a job that is due in an hour into each queue first.
"""

import asyncio
import json
import os
import sys
import time

url, service_pid, redis_port, redis_pid = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
host, port = url.removeprefix("http://").split(":")
claims, queues, seconds = (int(os.environ.get(name, default)) for name, default in (("CLAIMS", 100), ("QUEUES", 1), ("DURATION", 20)))
TICKS = os.sysconf("SC_CLK_TCK")


def cpu(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def rss(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def request(path, body):
    payload = json.dumps(body).encode()
    return f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: {len(payload)}\r\n\r\n".encode() + payload


async def answer(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    if b"chunked" in head.lower():
        body = await reader.readuntil(b"0\r\n\r\n")
    else:
        length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        body = await reader.readexactly(length)
    return int(head.split()[1]), body


async def redis(*command):
    reader, writer = await asyncio.open_connection("127.0.0.1", redis_port)
    writer.write(" ".join(command).encode() + b"\r\n")
    length = int((await reader.readline())[1:])
    text = (await reader.readexactly(length)).decode()
    writer.close()
    return text


async def commands():
    counts = {}
    for line in (await redis("INFO", "commandstats")).splitlines():
        if line.startswith("cmdstat_"):
            name, facts = line.split(":")
            counts[name.removeprefix("cmdstat_")] = int(facts.split(",")[0].removeprefix("calls="))
    return counts


async def main():
    limit = asyncio.Semaphore(64)
    connections = []

    async def connect(number):
        async with limit:
            connections.append((number, *await asyncio.open_connection(host, int(port), limit=4096)))

    async def call(number, reader, writer, path, body):
        writer.write(request(path, body))
        status, text = await answer(reader)
        assert status in (200, 201), (status, text)

    await connect(0)
    for number in range(queues):
        body = {"queue": f"idle-{number}", "payload": 1, "delayMs": 3_600_000}
        if "DELAYED" in os.environ:
            await call(*connections[0], "/jobs", body)
    # A warm process: what the first requests load is not what a waiting claim costs.
    for number in range(2000):
        await call(*connections[0], "/jobs/claim", {"queues": [f"idle-{number % queues}"]})
    empty = rss(service_pid)
    await asyncio.gather(*(connect(number) for number in range(1, claims)))
    for number, _, writer in connections:
        writer.write(request("/jobs/claim", {"queues": [f"idle-{number % queues}"], "waitMs": 60_000}))
    await asyncio.sleep(5)
    before, start = (cpu(service_pid), cpu(redis_pid), await commands()), time.monotonic()
    await asyncio.sleep(seconds)
    after, took = (cpu(service_pid), cpu(redis_pid), await commands()), time.monotonic() - start
    rates = {name: (count - before[2].get(name, 0)) / took for name, count in after[2].items() if name not in ("info", "ping")}
    scripts = rates.get("evalsha", 0) + rates.get("eval", 0)
    print(f"{claims} waiting claims over {queues} queues for {took:.0f} s")
    print(f"scripts/s {scripts:.2f}, commands of these scripts/s {sum(rates.values()) - scripts:.0f}")
    print(f"CPU, share of one core: service {(after[0] - before[0]) / took:.2%}, Redis {(after[1] - before[1]) / took:.2%}")
    print(f"memory a waiting claim: {(rss(service_pid) - empty) / claims / 1024:.1f} KiB (service {rss(service_pid) >> 20} MiB, {empty >> 20} MiB before)")


asyncio.run(main())
