"""What the page on serving says: answers, refusals, queues, batches, folders and archives."""

import io
import json
import random
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import torch

from core.deployment.controls import DIGITS, PLAYGROUND
from core.deployment.onnx_writer import as_numpy
from core.deployment.subjects import Playground, deployed
from core.jobs.servers import Fleet
from core.lessons.controls import defaults
from core.serving.uploads import Refused
from core.topics.serving import archives, batch_view, clock, load_view, queueing
from core.topics.serving.answers import expected, probabilities, row
from core.topics.serving.archive_views import CHANGES, NO_HANDLER, NO_NAME, changed
from core.topics.serving.folders import FASTAPI, FLASK, KINDS, command, folder, zipped
from core.topics.serving.request_view import asked, goal, is_well_shaped
from core.topics.serving.requests import (
    ADDRESS,
    BROKEN,
    HEALTH,
    LARGE,
    METHOD,
    NAN,
    OWN,
    PRESETS,
    RIGHT,
    SHORT,
    TWO,
    WORDS,
    Order,
    called,
    order,
    without_network,
)

STATUS = {
    RIGHT: 200, TWO: 200, SHORT: 422, WORDS: 422, BROKEN: 400, NAN: 422, LARGE: 413, METHOD: 405, ADDRESS: 404,
    HEALTH: 200, OWN: 422,
}  # fmt: skip
COSTS = ((1, 0.001), (64, 0.001))  # a batch of any size takes a millisecond


def last(events):
    while True:
        try:
            next(events)
        except StopIteration as end:
            return end.value


@pytest.fixture(scope="module")
def servers():
    """Flask and FastAPI, really started from their folders, in turn answering for the same network."""
    fleet, found = Fleet(), Playground()
    started = {
        kind.name: last(fleet.start(command(kind), folder(kind, found), kind.health)) for kind in (FLASK, FASTAPI)
    }
    yield started
    fleet.close()


def random_order(seed: int, size: int) -> tuple[Order, np.ndarray]:
    rows = np.random.default_rng(seed).uniform(-2, 2, (1 + seed % 5, size)).round(3)
    return Order("POST", "/predict", json.dumps({"inputs": rows.tolist()}).encode()), rows


# Answers and refusals ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [FLASK.name, FASTAPI.name])
def test_answers_equal_the_models_and_bad_requests_get_4xx(servers, name, seeds):
    found = Playground()
    for send in PRESETS:
        answer = called(servers[name], order(send, '{"inputs": 1}', found, KINDS[name].health), found, KINDS[name])
        assert answer.exchange.status == STATUS[send], send
        assert b"Traceback" not in answer.exchange.body
    for seed in seeds[:5]:
        wanted, _ = random_order(seed, 2)
        answer = called(servers[name], wanted, found, KINDS[name])
        assert answer.probabilities is not None and answer.difference < 1e-5


@pytest.mark.parametrize("network", [PLAYGROUND, DIGITS])
def test_the_same_program_answers_the_same_without_a_server(network, seeds):
    found = deployed(network, 0)
    for send, status in STATUS.items():
        assert without_network(order(send, '{"inputs": 1}', found), found).exchange.status == status, send
    wanted, rows = random_order(seeds[0], len(row(found)))
    answer = without_network(wanted, found)
    np.testing.assert_allclose(answer.probabilities, probabilities(found, rows), atol=1e-5)


@pytest.mark.parametrize("name", [FLASK.name, FASTAPI.name])
def test_hostile_bodies_are_refused_and_the_server_lives_on(servers, name, seeds):
    draw = random.Random(seeds[0])
    bodies = [
        b"", b"\x00" * 100, b"[" * 200_000, b'{"inputs": [[1e400, 0]]}', b'{"inputs": [[true, false]]}',
        b'{"inputs": [[1, 2]], "inputs": {}}', b'{"__proto__": {"x": 1}}', b'"inputs"', b"null", b"-Infinity",
        json.dumps({"inputs": [[0, 0]] * 65}).encode(), b'{"inputs": [[0, ' + b"9" * 5_000 + b"]]}",
        b"{\"inputs\": [['__import__(\"os\")', 0]]}", draw.randbytes(5_000),
    ]  # fmt: skip
    for body in bodies:
        answer = servers[name].call("POST", "/predict", body, {"Content-Type": "application/json"})
        assert 400 <= answer.status < 500, (body[:40], answer.status)
        assert b"Traceback" not in answer.body and b"site-packages" not in answer.body
    for path in ("/../network.json", "/%2e%2e/network.json", "/predict/", "/network.onnx", "/" + "a" * 9_000):
        assert servers[name].call("GET", path, None, {}).status in (400, 404, 405, 414, 431)
    assert servers[name].call("GET", "/health", None, {}).status == 200


def test_a_line_for_a_shell_cannot_be_left_by_what_is_typed(seed):
    import shlex

    typed = random.Random(seed).choice(["'; touch x; '", "a'b", "$(id) `id` \"'", "\\'"])
    words = shlex.split(order(OWN, typed, Playground()).curl())
    assert words[words.index("--data-binary") + 1] == typed


def test_the_challenge_is_met_by_what_is_well_shaped_and_refused_alone():
    found = Playground()
    tries = {'{"inputs": [[0.5, true]]}': True, '{"inputs": [[0.5]]}': False, '{"inputs": [[0.5, 0.5]]}': False}
    for typed, met in tries.items():
        assert goal(asked(found, None, FLASK.name, OWN, typed)).passed is met
    assert not any(goal(asked(found, None, FLASK.name, send, "")).passed for send in PRESETS if send != OWN)
    assert not is_well_shaped(b"[" * 100_000, 2)


@pytest.mark.parametrize("network", [PLAYGROUND, DIGITS])
def test_the_file_that_is_shipped_answers_as_torch_does(network, seed):
    found = deployed(network, seed % 3)
    x = torch.rand(3, *found.example.shape[1:], generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        expected = found.model(x)
    answer = clock.session_of(found).run(None, {"x": as_numpy(x)})[0]
    np.testing.assert_allclose(answer, as_numpy(expected), atol=1e-4)


# Queues and batches --------------------------------------------------------------------------------------------------


def test_littles_law_holds_whatever_the_load_and_the_batch(seeds):
    for seed in seeds:
        draw = random.Random(seed)
        rate, largest, wait = draw.choice([100, 500, 900, 1500]), draw.choice([1, 4, 32]), draw.choice([0.0, 0.005])
        queue = queueing.simulated(rate, COSTS, largest, wait, seed)
        assert queue.inside == pytest.approx(queue.little, rel=0.08)


def test_waiting_times_agree_with_pollaczek_and_khinchine(seeds):
    for load in (0.3, 0.6, 0.8):
        means = [queueing.simulated(1000 * load, COSTS, 1, 0, seed).seconds.mean() for seed in seeds]
        assert np.mean(means) == pytest.approx(queueing.expected_wait(1000 * load, 0.001), rel=0.08)
    assert queueing.expected_wait(1000, 0.001) == np.inf


def test_the_simulation_agrees_with_lindleys_recursion(seeds):
    for seed in seeds[:5]:
        queue = queueing.simulated(900, COSTS, 1, 0, seed, 500)
        wait, waits = 0.0, []
        for gap in [0.0, *np.diff(queue.came)]:
            wait = max(0.0, wait + 0.001 - gap) if waits else 0.0
            waits.append(wait)
        np.testing.assert_allclose(queue.seconds, np.array(waits) + 0.001, atol=1e-9)


def test_near_full_load_the_time_grows_and_batches_bear_more(seeds):
    for seed in seeds[:8]:
        half, nearly = (queueing.simulated(rate, COSTS, 1, 0, seed).seconds.mean() for rate in (500, 950))
        assert nearly > 2 * half
        alone, together = (queueing.simulated(3000, COSTS, size, 0, seed) for size in (1, 16))
        assert together.throughput > 2 * alone.throughput and together.percentile(0.95) < alone.percentile(0.95) / 10
    assert queueing.capacity(COSTS, 16) == pytest.approx(16_000)


def test_to_wait_for_more_costs_the_first_of_a_batch_that_wait():
    queue = queueing.simulated(1.0, COSTS, 8, 0.01, 0, 50)
    assert queue.seconds.max() <= 0.0111 and queue.seconds.mean() > 0.01


def test_a_batch_gets_what_its_samples_get_alone_and_a_wide_network_gains():
    small, digits = clock.times(Playground(), 0), clock.times(deployed(DIGITS, 0), 0)
    assert small.difference < 1e-4
    assert small.gain(32) > 2  # a call has a price of its own
    assert digits.gain(32) < small.gain(32)  # arithmetic has none to share


# Folders -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_folder_is_complete_pinned_and_without_what_runs_code(kind):
    files = folder(kind, deployed(DIGITS, 0))
    assert {"app.py", "network.py", "network.onnx", "network.json", "test_server.py", "Dockerfile"} <= set(files)
    for line in files["requirements.txt"].decode().split():
        assert line.count("==") == 1 and line.partition("==")[2], line
    docker = files["Dockerfile"].decode()
    assert "USER 1000" in docker and "HEALTHCHECK" in docker and kind.health in docker and "7860" in docker
    for name, content in files.items():
        if name.endswith(".py"):
            text = content.decode()
            compile(text, name, "exec")
            assert not any(word in text for word in ("pickle.load", "torch.load", "eval(", "exec(", "debug=True"))
            assert '"0.0.0.0"' not in text
    assert '"127.0.0.1"' in files["app.py"].decode()
    assert zipped(files, "x") == zipped(folder(kind, deployed(DIGITS, 0)), "x")
    with zipfile.ZipFile(io.BytesIO(zipped(files, "x"))) as archive:
        assert archive.testzip() is None and all(name.startswith("x/") for name in archive.namelist())


# Archives ------------------------------------------------------------------------------------------------------------


def test_an_archive_is_sound_and_every_change_is_found(seeds):
    for seed in seeds[:2]:
        content = archives.mar(Playground(seed=seed % 3))
        assert archives.opened(content).faults == ()
        assert all(len(archives.opened(changed(content, [each])).faults) == 1 for each in CHANGES)
        assert len(archives.opened(changed(content, CHANGES)).faults) == 4
        assert len(archives.opened(changed(content, [NO_HANDLER, NO_NAME])).faults) == 1


def test_the_archives_handler_answers_as_the_model_does(tmp_path):
    """TorchServe's own part is played here: unpack, import, initialize, handle."""
    import subprocess
    import sys

    found = Playground()
    with zipfile.ZipFile(io.BytesIO(archives.mar(found))) as archive:
        archive.extractall(tmp_path)
    code = (
        "import json, types, handler\n"
        "said = []\n"
        "context = types.SimpleNamespace(system_properties={'model_dir': '.'}, "
        "set_response_status=lambda *a: said.append(a))\n"
        "one = handler.Handler(); one.initialize(context)\n"
        "row = json.load(open('network.json'))['example']\n"
        "answers = one.handle([{'body': {'inputs': [row]}}, {'data': b'{'}], context)\n"
        "print(json.dumps([answers, said]))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    (good, bad), said = json.loads(done.stdout)
    assert good["answers"][0]["probabilities"] == pytest.approx(expected(found), abs=1e-5)
    assert "error" in bad and said[0][0] == 400 and said[0][2] == 1


def bomb() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for place in range(3):
            archive.writestr(f"{place}.onnx", bytes(100_000_000))
    return content.getvalue()


def many() -> bytes:
    return zipped({str(place): b"" for place in range(600)})


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no zip at all", b"x" * 6_000_000, bomb, many])
def test_hostile_archives_are_refused_in_a_sentence(content):
    with pytest.raises(Refused, match=r"\w.*[.]$"):
        archives.opened(content() if callable(content) else content)


@pytest.mark.parametrize(
    "files",
    [
        {"MAR-INF/MANIFEST.json": b"{"}, {"MAR-INF/MANIFEST.json": b"[]"}, {"MAR-INF/MANIFEST.json": b'{"model": 3}'},
        {"MAR-INF/MANIFEST.json": b"[" * 90_000}, {"MAR-INF/MANIFEST.json": b" " * 200_000},
        {"MAR-INF/MANIFEST.json": b'{"model": {"handler": "h.py", "serializedFile": {}}}', "h.py": b"("},
        {"saved_model.pb": b""}, {"1/saved_model.pb": b"", "model.pkl": b""}, {"readme": b""}, {"C:\\x.py": b""},
    ],
)  # fmt: skip
def test_odd_archives_have_faults_and_break_nothing(files):
    assert archives.opened(zipped(files)).faults


def test_a_batch_that_gains_nothing_is_not_called_once_as_cheap():
    found = clock.times(Playground(), 0)
    for gain, said in ((1.0, "no cheaper than alone"), (1.04, "no cheaper"), (0.8, "0.8 times"), (3.0, "3 times as")):
        seconds = tuple(size * found.seconds[0] / gain if size > 1 else found.seconds[0] for size in clock.SIZES)
        goal = batch_view.goal(replace(found, seconds=seconds), 8)
        assert said in goal.now and goal.passed == (gain >= 2)
    assert "no cheaper than alone" in batch_view.goal(found, 1).now


def test_more_than_a_server_bears_is_said_to_be_more():
    found = load_view.measure(seed=0, **defaults(load_view.SETTINGS))
    for rate in (0.5, 2.0):
        queues = {name: replace(queue, rate=rate / found.times[0][1]) for name, queue in found.queues.items()}
        note = load_view.draw(replace(found, queues=queues)).note
        assert ("more than it bears" in note) == (rate > 1) and f"{min(rate, 1):.0%} of the time" in note
