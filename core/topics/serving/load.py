"""A bounded load for a server on 127.0.0.1: requests at random moments, each timed from the moment it was due.

``python -m core.topics.serving.load '{"port": …}'`` prints its progress as JSON and in the last line what it measured.
Requests wait for a free connection if all are busy; the time that they wait counts, or a slow server would seem fast
(coordinated omission, Tene 2013).
"""

import asyncio
import json
import sys
import time

import numpy as np

HERE = "127.0.0.1"
MOST_SECONDS, MOST_CLIENTS, MOST_RATES, MOST_KEPT = 8.0, 32, 8, 3_000
MOST_RATE = 3_000.0  # per second
LOOK = 0.004  # seconds between two looks at how many requests are there
PATIENCE = 10.0  # seconds after the last arrival until what is open is given up


class Load:
    """One rate: when requests are due, how long each took, and how many were there whenever somebody looked."""

    def __init__(self, port: int, request: bytes, rate: float, seconds: float, clients: int, seed: int) -> None:
        self.port, self.request, self.rate, self.clients = port, request, rate, clients
        gaps = np.random.default_rng(seed).exponential(1 / rate, int(2 * rate * seconds) + 10)
        self.due = np.cumsum(gaps)[np.cumsum(gaps) < seconds]
        self.queue: asyncio.Queue[float] = asyncio.Queue()
        self.taken: list[float] = []
        self.seen: list[tuple[float, int]] = []
        self.errors = self.inside = 0

    async def client(self) -> None:
        """One connection that sends what is due, one request after another."""
        reader, writer = await asyncio.open_connection(HERE, self.port)
        try:
            while True:
                due = await self.queue.get()
                writer.write(self.request)
                status, closes = await answered(reader)
                self.inside -= 1
                if status == 200:
                    self.taken.append(time.perf_counter() - due)
                else:
                    self.errors += 1
                if closes:
                    writer.close()
                    reader, writer = await asyncio.open_connection(HERE, self.port)
        finally:
            writer.close()

    async def arrivals(self, began: float) -> None:
        """Requests become due, whatever the server does."""
        for due in self.due:
            left = began + due - time.perf_counter()
            if left > 0:
                await asyncio.sleep(left)
            self.inside += 1
            self.queue.put_nowait(began + due)

    async def looks(self) -> None:
        """See how many requests are there, again and again."""
        while True:
            self.seen.append((time.perf_counter(), self.inside))
            await asyncio.sleep(LOOK)

    async def run(self) -> dict:
        """Everything, and the numbers."""
        began = time.perf_counter()
        tasks = [asyncio.create_task(self.client()) for _ in range(self.clients)]
        tasks.append(looking := asyncio.create_task(self.looks()))
        await self.arrivals(began)
        while self.inside and time.perf_counter() - began < self.due[-1] + PATIENCE:
            if all(task.done() for task in tasks if task is not looking):
                break
            await asyncio.sleep(0.002)
        passed = time.perf_counter() - began
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        broken = sum(isinstance(end, OSError | ValueError | asyncio.IncompleteReadError) for end in ends)
        return {
            "rate": self.rate, "sent": len(self.due), "answered": len(self.taken), "errors": self.errors + broken,
            "seconds": passed, "inside": averaged(self.seen), "mean": float(np.mean(self.taken or [0.0])),
            "milliseconds": spread(1000 * np.sort(self.taken)),
        }  # fmt: skip


def averaged(seen: list[tuple[float, int]]) -> float:
    """The mean over time of a number that was looked at now and then: each look holds until the next."""
    times, numbers = np.array(seen).T
    return float((np.diff(times) * numbers[:-1]).sum() / max(times[-1] - times[0], 1e-9))


async def answered(reader: asyncio.StreamReader) -> tuple[int, bool]:
    """The status of an answer, read to its end; whether the server closes the connection then."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    lines = head.split("\r\n")
    fields = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
    await reader.readexactly(int(fields["content-length"]))
    return int(lines[0].split()[1]), fields.get("connection") == "close"


def spread(values: np.ndarray) -> list[float]:
    """At most ``MOST_KEPT`` of sorted values, evenly chosen."""
    if len(values) > MOST_KEPT:
        values = values[np.linspace(0, len(values) - 1, MOST_KEPT).round().astype(int)]
    return [round(float(value), 4) for value in values]


def main(settings: dict) -> list[dict]:
    """Every rate in turn, within the bounds."""
    seconds, clients = min(settings["seconds"], MOST_SECONDS), min(settings["clients"], MOST_CLIENTS)
    rates = [min(rate, MOST_RATE) for rate in settings["rates"][:MOST_RATES]]
    body = settings["body"].encode()
    head = f"POST /predict HTTP/1.1\r\nHost: {HERE}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    found = []
    for place, rate in enumerate(rates):
        print(json.dumps([place / len(rates), f"{rate:.0f} requests a second"]), flush=True)
        request = f"{head}\r\n\r\n".encode() + body
        load = Load(settings["port"], request, rate, seconds, clients, settings["seed"] + place)
        found.append(asyncio.run(load.run()))
    return found


if __name__ == "__main__":
    print(json.dumps({"rates": main(json.loads(sys.argv[1]))}))
