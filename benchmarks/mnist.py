"""Reading a digit: the bare network, ONNX Runtime, the whole path from a drawing, and the HTTP service, on one core.

PYTHONPATH=. python benchmarks/mnist.py            # writes benchmarks/results/mnist.md
PYTHONPATH=. python benchmarks/mnist.py --quick    # fewer repetitions, prints only
"""

import argparse
import http.client
import importlib.metadata
import io
import json
import logging
import os
import platform
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw

from core.models.digits import recognizer
from core.projects.mnist.recognizer import probabilities, read, read_file
from core.projects.mnist.service import routes

RESULTS = Path(__file__).resolve().parent / "results" / "mnist.md"
STEPS = [(0.28, 0.25), (0.72, 0.25), (0.6, 0.45), (0.5, 0.65), (0.42, 0.82)]


def main() -> None:
    """Measure everything and write the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="few repetitions, print instead of write")
    quick = options.parse_args().quick
    one_core()
    rows = measured(rounds=50 if quick else 1000)
    report = "\n".join([
        "# Reading a digit, on one core\n",
        f"Made by `PYTHONPATH=. python benchmarks/mnist.py`. {machine()}\n",
        "One picture at a time, milliseconds. The ways take turns, so that other work on the machine hits all alike. "
        "Overhead is the median less the bare network's.\n",
        "| Way | Median | p95 | Overhead |", "| --- | ---: | ---: | ---: |",
        *(f"| {name} | {middle:.2f} | {late:.2f} | {middle - rows[0][1]:+.2f} |" for name, middle, late in rows),
        "",
    ])  # fmt: skip
    print(report)
    if not quick:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(report, encoding="utf-8")


def one_core() -> None:
    """Keep this process, and torch in it, on one core."""
    torch.set_num_threads(1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def machine() -> str:
    """What the numbers were measured on."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("torch", "onnxruntime", "starlette"))
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    return (
        f"One core of {os.cpu_count()} ({platform.machine()}), {platform.system()}, Python "
        f"{platform.python_version()}, {versions}; {time.strftime('%B %Y')}; load average at the start {load}."
    )


def measured(rounds: int) -> list[tuple[str, float, float]]:
    """Name, median and 95th percentile in milliseconds of every way, the bare network first."""
    with served() as port:
        ways = all_ways(port)
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for turn in range(rounds + 20):
            for name, way in ways.items():
                began = time.perf_counter()
                way()
                if turn >= 20:  # the first turns load what is loaded once
                    seconds[name].append(time.perf_counter() - began)
    return [
        (name, 1000 * statistics.median(all_), 1000 * sorted(all_)[round(0.95 * (len(all_) - 1))])
        for name, all_ in seconds.items()
    ]


def all_ways(port: int) -> dict[str, Callable[[], object]]:
    """Every way to read one seven, by name."""
    drawing = seven(280)
    small, file = drawing.resize((28, 28), Image.Resampling.LANCZOS), io.BytesIO()
    drawing.save(file, "PNG")
    seen = read(drawing).seen.view(1, 1, 28, 28)
    model, _ = recognizer()
    rows = json.dumps({"pixels": np.asarray(small).tolist()}).encode()
    connection = http.client.HTTPConnection("127.0.0.1", port)
    bare = torch.no_grad()(lambda: model(seen))
    return {
        "Bare network, 28 × 28 tensor to logits": bare,
        "ONNX Runtime, the same": onnx(model, seen),
        "Network and calibration": lambda: probabilities(seen),
        "28 × 28 picture to reading": lambda: read(small),
        "280 × 280 picture to reading": lambda: read(drawing),
        "280 × 280 PNG file to reading": lambda: read_file(file.getvalue()),
        "POST /api/mnist, 28 × 28 JSON": lambda: posted(connection, rows, "application/json"),
        "POST /api/mnist, 280 × 280 PNG": lambda: posted(connection, file.getvalue(), "image/png"),
    }


def seven(side: int) -> Image.Image:
    """A seven, black on white."""
    picture = Image.new("L", (side, side), 255)
    ImageDraw.Draw(picture).line([(side * x, side * y) for x, y in STEPS], 0, side // 18, "curve")
    return picture


def onnx(model: torch.nn.Module, seen: torch.Tensor) -> Callable[[], object]:
    """The network as ONNX Runtime runs it, with one thread."""
    import onnxruntime

    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "digits.onnx"
        torch.onnx.export(model, (seen,), path, input_names=["x"], dynamo=True, verbose=False)
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = settings.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])
    given = {"x": seen.numpy()}
    with torch.no_grad():
        np.testing.assert_allclose(session.run(None, given)[0], model(seen).numpy(), atol=1e-3)
    return lambda: session.run(None, given)


@contextmanager
def served() -> Iterator[int]:
    """The service alone under uvicorn in a thread of this process, so on the same core; its port."""
    import uvicorn
    from starlette.applications import Starlette

    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes()), host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


def posted(connection: http.client.HTTPConnection, body: bytes, kind: str) -> None:
    """One request over a connection that stays open."""
    connection.request("POST", "/api/mnist", body, {"Content-Type": kind})
    reply = connection.getresponse()
    content = reply.read()
    if reply.status != 200:
        raise RuntimeError(f"{reply.status}: {content!r}")


if __name__ == "__main__":
    main()
