"""Servers in processes of their own: bounded, on loopback, ended; programs in an environment of extras."""

import json
import socket
import sys
from pathlib import Path

import pytest

from core.deployment.controls import DIGITS
from core.deployment.subjects import Playground, deployed
from core.jobs import BusyError, extras, servers
from core.jobs.apart import apart
from core.jobs.servers import HERE, Berth, Fleet, exchange, moored
from core.topics.serving import load

PROGRAM = """
import http.server, os
class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = os.environ.get("HUB_SECRET", "none").encode()
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers()
        self.wfile.write(body)
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"])); self.do_GET()
    def log_message(self, *rest): pass
http.server.ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Answer).serve_forever()
"""
ORDER = ([sys.executable, "app.py"], {"app.py": PROGRAM.encode()}, "/")


def last(events):
    while True:
        try:
            next(events)
        except StopIteration as end:
            return end.value


def refused(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex((HERE, port)) != 0


def test_a_server_answers_on_loopback_knows_no_secret_and_is_gone_when_it_is_ended(monkeypatch):
    monkeypatch.setenv("HUB_SECRET", "a password")
    fleet = Fleet()
    server = last(fleet.start(*ORDER))
    assert server.call("GET", "/", None, {}).body == b"none"
    with socket.socket() as other:
        assert other.connect_ex(("127.0.0.2", server.port)) != 0
    folder = Path(server.place.name)
    fleet.end(server)
    assert refused(server.port) and not server.alive and not folder.exists()
    with pytest.raises(ValueError, match="gave no answer"):
        server.call("GET", "/", None, {})


def test_few_run_at_once_and_a_place_comes_back():
    fleet = Fleet(most=1)
    first = last(fleet.start(*ORDER))
    with pytest.raises(BusyError, match="1 servers run"):
        last(fleet.start(*ORDER))
    fleet.end(first)
    last(fleet.start(*ORDER))
    fleet.close()
    assert fleet.servers == [] and fleet.coming == 0


def test_an_idle_server_is_ended_and_a_busy_one_is_not():
    fleet = Fleet(idle=0.2)
    idle, busy = last(fleet.start(*ORDER)), None
    busy = last(fleet.start(*ORDER))
    busy.busy += 1
    idle.process.wait(timeout=20)
    assert not idle.alive and busy.alive
    fleet.close()


def test_a_server_that_ends_at_once_says_so_and_leaves_nothing():
    fleet = Fleet()
    with pytest.raises(ValueError, match="ended before"):
        last(fleet.start([sys.executable, "-c", "raise SystemExit(1)"], {}, "/"))
    assert fleet.coming == 0 and fleet.servers == []


def test_a_visitor_has_one_server_and_a_cancelled_start_leaves_none():
    fleet = Fleet()
    berth = Berth(fleet)
    first = last(moored(berth, "a", *ORDER, {}, 0))
    second = last(moored(berth, "b", *ORDER, {}, 0))
    assert not first.alive and berth.running("a") is None and berth.running("b") is second
    starting = moored(berth, "c", *ORDER, {}, 1)
    next(starting)
    starting.close()  # what a job does that is cancelled
    assert not second.alive and fleet.servers == [] and fleet.coming == 0
    berth.close()
    assert not last(moored(berth, "d", *ORDER, {}, 2)).alive


def test_all_end_with_the_hub(tmp_path):
    import subprocess

    (tmp_path / "hub.py").write_text(
        "import sys\nfrom core.jobs.servers import FLEET\n"
        f"order = FLEET.start([sys.executable, 'app.py'], {{'app.py': {PROGRAM.encode()!r}}}, '/')\n"
        "try:\n    while True: next(order)\nexcept StopIteration as end: print(end.value.port)\n"
    )
    done = subprocess.run(
        [sys.executable, str(tmp_path / "hub.py")], env={"PYTHONPATH": str(servers.__file__).split("/core/")[0]},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert refused(int(done.stdout))


def test_the_load_generator_keeps_its_bounds_and_littles_law():
    fleet = Fleet()
    server = last(fleet.start(*ORDER))
    settings = {"port": server.port, "body": "{}", "rates": [60, 10**9], "seconds": 1.0, "clients": 10**6, "seed": 3}
    light, heavy = last(apart("core.topics.serving.load", json.dumps(settings), "loading"))["rates"]
    fleet.close()
    assert light["answered"] == light["sent"] > 20 and light["errors"] == 0
    assert heavy["rate"] == load.MOST_RATE and heavy["seconds"] < 1 + load.PATIENCE + 5
    for row in (light, heavy):
        assert row["inside"] == pytest.approx(row["answered"] / row["seconds"] * row["mean"], rel=0.5, abs=0.5)


def test_a_port_where_nobody_answers_is_said_in_a_sentence():
    with pytest.raises(ValueError, match=r"gave no answer.*[.]$"):
        exchange(servers.free_port(), "GET", "/", None, {}, 1)


def test_programs_for_extras_run_where_the_packages_are(monkeypatch, tmp_path):
    monkeypatch.setenv(extras.FOLDER, str(tmp_path / "nowhere"))
    assert extras.interpreter("numpy") == Path(sys.executable)
    said = last(extras.in_extras(("numpy",), "print(open('a/b.txt').read())", {"a/b.txt": b"[1, 2]"}, "running"))
    assert said == [1, 2]
    assert extras.interpreter("no-such-package") is None
    with pytest.raises(ValueError, match="make extras"):
        last(extras.in_extras(("no-such-package",), "", {}, ""))
    assert extras.missing("no-such-package", "numpy").endswith("'make extras' brings it.")


def test_an_extra_of_a_package_counts_as_a_package_of_its_own():
    known = extras.known_in(sys.path)
    without = {name: each for name, each in known.items() if name != "box2d"}
    assert extras.is_there("gymnasium[box2d]", known) and not extras.is_there("gymnasium[box2d]", without)


def test_every_extra_is_pinned_and_co_installs_with_the_hub():
    pins = extras.pins()
    assert {"ray", "litserve", "tensorflow-cpu", "executorch", "coremltools", "ai-edge-litert", "wandb"} == set(pins)


# With everything installed -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def environment():
    """The environment of extras; made once and kept."""
    return extras.make()


@pytest.mark.long
@pytest.mark.parametrize(
    "module", ["ray.serve", "litserve", "tensorflow", "executorch", "coremltools", "ai_edge_litert", "wandb"]
)
def test_each_extra_is_installed_and_imports_beside_the_hub(environment, module):
    import subprocess

    # An export first: it loads Triton, which crashes once coremltools has loaded TensorFlow.
    exported = "torch.export.export(torch.nn.ReLU(), (torch.ones(1),))"
    command = [environment, "-c", f"import torch, core; {exported}; import {module}; print('there')"]
    done = subprocess.run(command, cwd=servers.__file__.split("/core/")[0], capture_output=True, text=True)
    assert done.stdout.strip().endswith("there"), done.stderr[-2000:]
    assert extras.versions() == extras.pins()


@pytest.mark.long
@pytest.mark.parametrize(
    "name", ["Flask + waitress", "FastAPI + uvicorn", "Gradio", "Streamlit", "LitServe", "Ray Serve"]
)
def test_every_folder_passes_its_own_tests(environment, name):
    from core.topics.serving.folder_view import draw_tried, tried

    said = last(tried(name, deployed(DIGITS, 0)))
    assert said.said["passed"], said.said["said"]
    assert "passed" in draw_tried(said).note


@pytest.mark.long
def test_a_saved_model_is_written_and_read_back(environment):
    from core.topics.serving.archive_views import draw_saved, made, saved_goal

    said = last(made(Playground(units_per_layer=64)))
    assert said["archive"].kind == "SavedModel" and said["archive"].faults == ()
    assert saved_goal(said).passed and said["difference"] < 1e-5
    assert draw_saved(said).pictures


@pytest.mark.long
def test_batches_and_the_law_on_a_real_server():
    from core.topics.serving.load_view import draw_driven, driven

    found = last(driven(Playground(), 16, 2, 0))
    assert all(row["answered"] == row["sent"] and not row["errors"] for row in found.rows["in batches"][:2])
    for row in (row for rows in found.rows.values() for row in rows):
        assert row["inside"] == pytest.approx(row["answered"] / row["seconds"] * row["mean"], rel=0.3, abs=1)
    assert draw_driven(found).tables
