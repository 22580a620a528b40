"""What a Space weighs and how soon it answers: each is assembled into an empty folder, started there, and asked once.

PYTHONPATH=. python benchmarks/spaces.py             # writes benchmarks/results/spaces.md
PYTHONPATH=. python benchmarks/spaces.py --only mnist
"""

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch

from benchmarks.session import until_answered
from demos import spaces

RESULTS = Path(__file__).resolve().parent / "results" / "spaces.md"
PICTURE = {"path": str(spaces.ROOT / "assets" / "photos" / "cat.png"), "meta": {"_type": "gradio.FileData"}}
HUB = "hub"
ASKED: dict[str, Callable] = {  # what a client asks it
    "art_gan": lambda client: client.predict("apple", "plum", 0.3, 0.8, 0, api_name="/paint"),
    "chatbot": lambda client: client.predict("What is a gradient?", [], "", 0.0, 16, 0, api_name="/chat"),
    "classifier": lambda client: client.predict(PICTURE, False, 0, api_name="/classify"),
    "driving": lambda client: client.predict(3, "network", 0.0, 0.0, 0.0, 0, "rgb", api_name="/drive"),
    "mnist": lambda client: client.predict([PICTURE], api_name="/read_files"),
    "yolo": lambda client: client.predict(PICTURE, 0.25, 0.5, api_name="/detect"),
}


def weight(folder: Path) -> tuple[int, float]:
    """Files, and megabytes of them."""
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return len(sizes), sum(sizes) / 1e6


def command(name: str, port: int) -> tuple[list[str], str]:
    """What starts a Space, and the path that answers once it is ready."""
    if name == HUB:  # as its Dockerfile does
        return [sys.executable, "-m", "streamlit", "run", "Home.py", "--server.port", str(port)], "/healthz"
    return [sys.executable, "app.py"], "/"


def measured(name: str, folder: Path) -> str:
    """One Space's line."""
    from gradio_client import Client

    spaces.assemble(name, folder)
    count, megabytes = weight(folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words, ready = command(name, port)
    settings = {"GRADIO_SERVER_PORT": str(port), "GRADIO_SERVER_NAME": "127.0.0.1", "GRADIO_ANALYTICS_ENABLED": "False"}
    offline = {"HF_HUB_OFFLINE": "1", "STREAMLIT_SERVER_HEADLESS": "true", "ROADMAP_LAB_DATA": "/nowhere"}
    began = time.perf_counter()
    process = subprocess.Popen(
        words, cwd=folder, env=os.environ | settings | offline, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        url = f"http://127.0.0.1:{port}"
        until_answered(url + ready, process)
        started = time.perf_counter() - began
        answer = "–"
        if name != HUB:
            client = Client(url, verbose=False)
            began = time.perf_counter()
            ASKED[name](client)
            answer = f"{time.perf_counter() - began:.1f}"
    finally:
        process.terminate()
        process.wait(20)
    line = f"| {name} | {count} | {megabytes:.1f} | {started:.1f} | {answer} |"
    print(line, flush=True)
    return line


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=[*ASKED, HUB], default=[*ASKED, HUB])
    wanted = parser.parse_args()
    head = ["| Space | files | MB | starts in, s | first answer, s |", "|---|---:|---:|---:|---:|"]
    with tempfile.TemporaryDirectory() as folder:
        rows = [measured(name, Path(folder) / name) for name in wanted.only]
    about = (
        "Each Space assembled into an empty folder and started there without the internet, its packages installed; the "
        f"first answer is asked by gradio_client in a fresh process. PyTorch {torch.__version__}, "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end."
    )
    if len(rows) == len(ASKED) + 1:
        RESULTS.write_text("\n".join(["# Spaces", "", about, "", *head, *rows, ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
