"""What the servers of the page on serving do on this machine, one after another: assets/serving/measured.json.

``make extras`` first: a server whose packages are missing keeps its old record, with its old date. The numbers are of
the network that the page begins with, one client that sends the next request when the last is answered, then eight of
them. Nothing else should want the machine: each row says its load.
"""

import datetime
import json
import os
import platform
import threading
import time
from collections.abc import Generator
from typing import Any

import numpy as np

from core.deployment.subjects import Playground
from core.jobs import extras
from core.jobs.servers import Fleet, Server
from core.topics.serving.archives import opened, saved_model
from core.topics.serving.folders import KINDS, Kind, command, folder, pins
from core.topics.serving.recorded import FILE
from core.topics.serving.requests import RIGHT, order

SECONDS = 4.0


def last(events: Generator) -> Any:
    """What a generator returns."""
    while True:
        try:
            next(events)
        except StopIteration as end:
            return end.value


def closed_loop(server: Server, clients: int, body: bytes) -> tuple[float, np.ndarray]:
    """Answers per second, and milliseconds of each, of clients that send one request after another."""
    import http.client

    taken: list[float] = []
    until = time.perf_counter() + SECONDS

    def client() -> None:
        line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        while (began := time.perf_counter()) < until:
            line.request("POST", "/predict", body, {"Content-Type": "application/json"})
            if line.getresponse().read():
                taken.append(1000 * (time.perf_counter() - began))
        line.close()

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return len(taken) / SECONDS, np.array(taken)


def today() -> str:
    """The day of a record."""
    return datetime.date.today().isoformat()


def measured(kind: Kind, version: str) -> dict:
    """One server, from its start to its end."""
    found, fleet, load = Playground(), Fleet(), os.getloadavg()[0]
    files, began = folder(kind, found), time.perf_counter()
    server = last(fleet.start(command(kind), files, kind.health))
    server.busy += 1
    row: dict[str, object] = {"version": version, "date": today(), "load": round(load, 1)}
    row["ready"] = time.perf_counter() - began
    try:
        if kind.answers_json:
            body = order(RIGHT, "", found).body or b""
            closed_loop(server, 1, body)
            row["p50"] = float(np.median(closed_loop(server, 1, body)[1]))
            row["rate"] = closed_loop(server, 8, body)[0]
    finally:
        fleet.close()
    return row


def main() -> None:
    """Measure what is installed and write the record."""
    before: dict[str, Any] = (
        json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {"servers": {}, "archives": {}}
    )
    for kind in KINDS.values():
        if extras.interpreter(*kind.packages):
            before["servers"][kind.name] = measured(kind, pins()[extras.plain(kind.packages[0])])
            print(kind.name, before["servers"][kind.name], flush=True)
    if extras.interpreter("tensorflow-cpu"):
        said = last(saved_model(Playground()))
        files = {each.name: each.size for each in opened(said["content"]).entries}
        found = {key: said[key] for key in ("tensorflow", "difference")}
        before["archives"]["SavedModel"] = {**found, "files": files, "date": today()}
    before["machine"] = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    FILE.write_text(json.dumps(before, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
