#!/usr/bin/env python3
"""One trace from a producer over a worker to its ack, as a receiver of OpenTelemetry sees it: ./run.py

Starts a service on an embedded store of its own, and a small receiver for its spans; schedules a job, works on it and acks it;
prints the trace. Needs Python 3.9 and the .NET SDK, or a built service: SERVICE=path/to/DelayQueueApi.dll ./run.py
"""
import http.server
import json
import os
import pathlib
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

from spans import decode

PATIENCE = 60  # seconds
QUEUE = "orders"


class Receiver(http.server.BaseHTTPRequestHandler):
    """Takes POST /v1/traces with OTLP in protobuf."""
    spans = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/v1/traces":
            self.spans.extend(decode(body))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def build(folder):
    root = pathlib.Path(__file__).resolve().parents[2]
    print("Building the service.", flush=True)
    subprocess.run(["dotnet", "build", root / "src/DelayQueueApi", "--configuration", "Release", "--output", folder, "--nologo", "--verbosity", "quiet"], check=True)
    return folder / "DelayQueueApi.dll"


def start(program, folder, receiver):
    environment = os.environ | {
        "Store__DataDirectory": str(folder / "data"),
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{receiver.server_port}",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_BSP_SCHEDULE_DELAY": "100",
    }
    environment.pop("ConnectionStrings__Redis", None)
    service = subprocess.Popen(["dotnet", str(program), "--urls", "http://127.0.0.1:0"], env=environment, cwd=folder, stdout=subprocess.PIPE, text=True)
    for line in service.stdout:
        if "Now listening on: " in line:
            threading.Thread(target=service.stdout.read, daemon=True).start()
            return service, line.split("Now listening on: ")[1].strip()
    sys.exit("The service has not started.")


def post(url, body, traceparent=None):
    headers = {"Content-Type": "application/json"} | ({"traceparent": traceparent} if traceparent else {})
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers), timeout=PATIENCE) as answer:
        text = answer.read()
        return json.loads(text) if text else None


def span_id():
    return secrets.token_hex(8)


def produce(service):
    """Returns the producer's span: what a tracing library would make around the order."""
    trace, span, start = secrets.token_hex(16), span_id(), time.time_ns()
    post(f"{service}/jobs", {"queue": QUEUE, "payload": {"orderId": 42}}, f"00-{trace}-{span}-01")
    return {"trace": trace, "id": span, "parent": "", "name": "producer: an order comes in", "start": start, "links": []}


def work(service):
    """Returns the worker's span: it goes on with the trace that the job brings."""
    job = post(f"{service}/jobs/claim", {"queues": [QUEUE], "waitMs": 10000})["jobs"][0]
    _, trace, parent, flags = job["traceparent"].split("-")
    span, start = span_id(), time.time_ns()
    post(f"{service}/jobs/{job['id']}/ack", {"leaseToken": job["lease"]["token"]}, f"00-{trace}-{span}-{flags}")
    return {"trace": trace, "id": span, "parent": parent, "name": "worker: the order is dealt with", "start": start, "links": []}


def show(span, spans, depth=0):
    print("  " * depth + span["name"] + ("  (linked to the producer)" if span["links"] else ""))
    for child in sorted((each for each in spans if each["parent"] == span["id"]), key=lambda each: each["start"]):
        show(child, spans, depth + 1)


def wait_for(name):
    until = time.monotonic() + PATIENCE
    while not any(span["name"] == name for span in Receiver.spans):
        if time.monotonic() > until:
            sys.exit(f"No span {name} has come.")
        time.sleep(0.05)


def main():
    receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        service, address = start(os.environ.get("SERVICE") or build(folder / "service"), folder, receiver)
        try:
            producer = produce(address)
            worker = work(address)
            for name in ("POST /jobs/", "POST /jobs/claim", "POST /jobs/{id}/ack"):
                wait_for(name)
        finally:
            service.send_signal(signal.SIGTERM)
            service.wait(PATIENCE)

    ours = [producer, worker] + [span for span in Receiver.spans if span["trace"] == producer["trace"]]
    print(f"Trace {producer['trace']}:")
    show(producer, ours)
    claims = [span for span in Receiver.spans if (producer["trace"], producer["id"]) in span["links"] and span["trace"] != producer["trace"]]
    for claim in claims:
        print(f"Linked to it from trace {claim['trace']}:")
        show(next((span for span in Receiver.spans if span["id"] == claim["parent"]), claim), Receiver.spans)
    if not any(span["name"] == f"ack {QUEUE}" and span["links"] for span in ours) or not claims:
        sys.exit("Something is missing.")


main()
