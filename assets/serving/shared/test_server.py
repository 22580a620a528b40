"""Starts the server and tries it: python -m unittest. It needs nothing but what the folder itself needs."""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
ABOUT = json.loads((HERE / "network.json").read_text(encoding="utf-8"))
HEALTH, ANSWERS_JSON = ABOUT["health"], ABOUT["answers json"]
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # never through a proxy
PICKLES = {".pt", ".pth", ".pkl", ".pickle", ".bin", ".ckpt", ".joblib", ".npy", ".h5"}


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def call(address: str, body: bytes | None = None, kind: str = "application/json") -> tuple[int, bytes]:
    request = urllib.request.Request(address, body, {"Content-Type": kind} if body is not None else {})
    try:
        with DIRECT.open(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read()


class Server(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        port = free_port()
        cls.address = f"http://127.0.0.1:{port}"
        environment = {name: value for name, value in os.environ.items() if name != "HOST"}  # the default is tried
        cls.process = subprocess.Popen(
            [sys.executable, "app.py"], cwd=HERE, env={**environment, "PORT": str(port)},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        cls.addClassCleanup(cls.stopped)
        for _ in range(600):
            try:
                if call(cls.address + HEALTH)[0] == 200:
                    return
            except OSError:
                pass
            if cls.process.poll() is not None:
                break
            time.sleep(0.2)
        raise AssertionError("The server did not come up: start app.py by hand and read what it says.")

    @classmethod
    def stopped(cls) -> None:
        cls.process.terminate()
        try:
            cls.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            cls.process.kill()
            cls.process.wait()

    def posted(self, content: object) -> tuple[int, bytes]:
        if not ANSWERS_JSON:
            self.skipTest("this server answers people, not programs")
        return call(self.address + "/predict", content if isinstance(content, bytes) else json.dumps(content).encode())

    def test_health(self) -> None:
        self.assertEqual(call(self.address + HEALTH)[0], 200)

    def test_the_answer_is_the_network_s(self) -> None:
        status, body = self.posted({"inputs": [ABOUT["example"], ABOUT["example"]]})
        self.assertEqual(status, 200)
        answers = json.loads(body)["answers"]
        self.assertEqual(len(answers), 2)
        for name, expected in ABOUT["expected"].items():
            self.assertAlmostEqual(answers[1]["probabilities"][name], expected, delta=1e-4)

    def test_what_is_wrong_is_refused(self) -> None:
        row = ABOUT["example"]
        wrong = [b"{", b"\xff\xfe", [], {}, {"inputs": []}, {"inputs": [row[:-1]]}, {"inputs": [["1"] * len(row)]},
                 {"inputs": "1"}, {"inputs": [row] * 65}, {"inputs": [[None] * len(row)]},
                 json.dumps({"inputs": [[float("nan")] * len(row)]}).encode(), b"[" * 100_000]  # fmt: skip
        for content in wrong:
            with self.subTest(content=str(content)[:60]):
                status, body = self.posted(content)
                self.assertIn(status, (400, 413, 422))
                self.assertNotIn(b"Traceback", body)
        self.assertEqual(self.posted({"inputs": [row]})[0], 200)

    def test_too_much_is_refused(self) -> None:
        if not ANSWERS_JSON:
            self.skipTest("this server answers people, not programs")
        with contextlib.suppress(ConnectionError, urllib.error.URLError):  # it hung up meanwhile: refused as well
            self.assertEqual(self.posted(b" " * 3_000_000)[0], 413)
        self.assertEqual(call(self.address + HEALTH)[0], 200)

    def test_it_can_be_reached_from_this_machine_only(self) -> None:
        port = int(self.address.rpartition(":")[2])
        with socket.socket() as other:  # another address of this machine, which a server on 0.0.0.0 would answer
            other.settimeout(2)
            self.assertNotEqual(other.connect_ex(("127.0.0.2", port)), 0)

    def test_it_is_not_in_debug_mode(self) -> None:
        code = (HERE / "app.py").read_text(encoding="utf-8")
        self.assertNotRegex(code, re.compile(r"debug\s*=\s*True|reload\s*=\s*True"))
        self.assertNotIn(b"Debugger", call(self.address + "/nothing-here?__debugger__=yes")[1])

    def test_no_file_can_run_code(self) -> None:
        self.assertEqual([path.name for path in HERE.iterdir() if path.suffix in PICKLES], [])


if __name__ == "__main__":
    unittest.main()
