"""Long work: bounded, in line, cancelled at the next value, one sentence for an error; a cluster does the same."""

import gc
import importlib.util
import json
import os
import random
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

import core.jobs.visits as visits
from core.data import moons
from core.jobs import BusyError, Job, Owner, Pool, Visit, start
from core.models import MLP
from core.training import Recipe, epochs, train

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def on_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)


def count(steps: int, pause: float = 0.0) -> Iterator[tuple[float, str]]:
    for step in range(steps):
        time.sleep(pause)
        yield step / steps, f"step {step}"
    return steps**2


ERRORS = {
    "The table has no rows.": ValueError("The table has no rows."),
    "It stopped with KeyError: 'x'.": KeyError("x"),
    "It stopped with RuntimeError: one line.": RuntimeError("one line\ntwo"),
    "It stopped with ZeroDivisionError.": ZeroDivisionError(),
}


def broken(kind: int) -> Iterator[float]:
    yield 0.5
    raise list(ERRORS.values())[kind]


def guarded(path: str) -> Iterator[float]:
    """Leaves a note of when it was closed."""
    try:
        for step in range(10_000):
            time.sleep(0.01)
            yield step / 10_000
    finally:
        Path(path).write_text("closed")


def until(condition: Callable[[], bool], seconds: float = 20) -> bool:
    """Whether a condition comes true in time."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    return condition()


class Gate:
    """Work that waits until it is let through, and counts how many wait at once."""

    def __init__(self) -> None:
        self.open, self.lock = threading.Event(), threading.Lock()
        self.inside = self.most = 0

    def work(self, value: int) -> int:
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        self.open.wait(20)
        with self.lock:
            self.inside -= 1
        return value


def test_twenty_jobs_two_at_a_time(seed: int) -> None:
    gate, pool = Gate(), Pool(places=2, line=18)
    jobs = [start(gate.work, number, pool=pool) for number in range(20)]
    assert until(lambda: gate.inside == 2)
    assert [job.status for job in jobs].count("running") == 2
    assert [job.place for job in jobs] == [0, 0, *range(1, 19)]
    with pytest.raises(BusyError, match=r"^2 jobs are running and 18 wait in line: try again later\.$"):
        start(gate.work, 99, pool=pool)
    leaver = random.Random(seed).randrange(2, 19)
    jobs[leaver].cancel()
    assert jobs[leaver].status == "cancelled" and jobs[leaver + 1].place == leaver - 1
    gate.open.set()
    assert all(job.wait(20).finished.is_set() for job in jobs)
    assert gate.most == 2
    assert [job.result for job in jobs if job is not jobs[leaver]] == [one for one in range(20) if one != leaver]


def test_no_thread_outlives_the_work() -> None:
    before, pool = threading.active_count(), Pool(places=3, line=50)
    for _ in range(3):
        jobs = [start(count, 3, pool=pool) for _ in range(40)]
        assert {job.wait(20).status for job in jobs} == {"done"}
        assert until(lambda: threading.active_count() == before)
    assert pool.running == 0 and not pool.line


def test_progress_and_result() -> None:
    job = start(count, 4, pool=Pool()).wait(20)
    assert (job.status, job.progress, job.result, job.message, job.error) == ("done", 1.0, 16, "step 3", "")
    assert list(job.recent) == [(step / 4, f"step {step}") for step in range(4)]
    assert 0 < job.seconds < 20
    assert len(start(count, 500, pool=Pool()).wait(20).recent) == 100


def test_cancel_takes_effect_at_the_next_value(tmp_path: Path) -> None:
    pool, note = Pool(), tmp_path / "note"
    job = start(guarded, str(note), pool=pool)
    assert until(lambda: job.progress > 0) and not note.exists()
    job.cancel()
    assert job.wait(5).status == "cancelled" and note.read_text() == "closed"
    assert job.result == job.latest and job.progress < 1
    seconds = job.seconds
    time.sleep(0.02)
    assert job.seconds == seconds


def test_real_training_streams_and_stops(seed: int) -> None:
    """The loop's epochs arrive one by one; a training that is cancelled keeps what it has."""
    data, model = moons(samples=60, seed=seed), MLP(2, 4, 2, seed=seed)
    job = start(epochs, model, data, Recipe(epochs=5, seed=seed), pool=Pool()).wait(60)
    run = train(MLP(2, 4, 2, seed=seed), data, Recipe(epochs=5, seed=seed), engine="torch")
    assert [epoch.train_loss for epoch in job.recent] == run.curve("train_loss")[1]
    assert (job.progress, job.result.number) == (1.0, 5)
    endless = Recipe(epochs=100_000, frames=60_000)
    long = start(train, MLP(2, 4, 2, seed=seed), data, endless, engine="torch", pool=Pool())
    time.sleep(0.3)
    long.cancel()
    assert long.wait(30).status == "cancelled" and 0 <= long.result.last.number < 100_000


@pytest.mark.parametrize(("kind", "error"), list(enumerate(ERRORS)))
def test_a_failure_is_one_sentence(kind: int, error: str) -> None:
    job = start(broken, kind, pool=Pool()).wait(20)
    assert (job.status, job.error, job.result, job.latest) == ("failed", error, None, 0.5)


def test_the_pool_survives_what_tries_to_end_it() -> None:
    pool = Pool(places=1)
    ending = start(sys.exit, 3, pool=pool)
    wrong = start(count, "many", pool=pool)
    good = start(count, 2, pool=pool)
    assert [job.wait(20).status for job in (ending, wrong, good)] == ["failed", "failed", "done"]


def test_a_closed_tab_cancels_its_jobs_and_no_others(tmp_path: Path) -> None:
    pool, mine, other = Pool(places=2, line=20), Owner(), Owner()
    running = start(guarded, str(tmp_path / "mine"), owner=mine, pool=pool)
    theirs = start(guarded, str(tmp_path / "theirs"), owner=other, pool=pool)
    waiting = [start(count, 3, owner=mine, pool=pool) for _ in range(5)]
    with pytest.raises(BusyError, match=r"^5 jobs of yours wait in line already"):
        start(count, 3, owner=mine, pool=pool)
    assert until(lambda: running.progress > 0 and theirs.progress > 0)
    mine.close()
    assert running.wait(5).status == "cancelled" and {job.status for job in waiting} == {"cancelled"}
    assert (running.result, running.latest, len(running.recent), mine.jobs) == (None, None, 0, [])
    assert theirs.status == "running"
    with pytest.raises(BusyError, match=r"^This visit is over"):
        start(count, 3, owner=mine, pool=pool)
    other.close()
    assert theirs.wait(5).status == "cancelled" and until(lambda: pool.running == 0)


def test_a_reloaded_tab_finds_its_jobs_again_and_a_closed_one_loses_them(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(visits, "GRACE", 0.3)
    pool, before, after, stranger = Pool(places=2), Visit(), Visit(), Visit()
    running = start(guarded, str(tmp_path / "note"), owner=before.owner, pool=pool)
    before.owner.named["panel"], token = running, before.owner.token
    before.end()  # the page is loaded anew: the old connection ends, the new one says its token
    after.resume(token)
    stranger.resume("a guess")
    time.sleep(0.6)
    assert running.status == "running" and after.owner.named["panel"] is running
    assert not stranger.owner.named
    gone = []
    after.owner.endings.append(lambda: gone.append(True))
    after.end()  # and now the tab is closed
    assert running.wait(5).status == "cancelled" and until(lambda: gone == [True])
    late = Visit()
    late.resume(token)
    assert late.owner.token != token
    late.end()
    stranger.end()
    assert until(lambda: not {token, late.owner.token, stranger.owner.token} & set(visits.OWNERS))


def test_the_wait_is_expected_from_what_runs() -> None:
    pool = Pool(places=2)
    pool.active = [Job(count, (1,), {}, None) for _ in range(2)]
    pool.line.extend(waiting := [Job(count, (1,), {}, None) for _ in range(3)])
    for job in (*pool.active, *waiting):
        job.pool = pool
    assert waiting[0].wait_expected is None  # nothing has been seen yet
    for job, seconds in zip(pool.active, (1000, 4000), strict=True):
        job.began, job.progress, job.status = time.monotonic() - seconds, 0.5, "running"
    near = lambda seconds: pytest.approx(seconds, abs=100)  # noqa: E731
    assert waiting[0].wait_expected == near(1000) and waiting[1].wait_expected is None  # how long does the first take?
    pool.durations.append(2000.0)
    assert [job.wait_expected for job in waiting] == [near(1000), near(3000), near(4000)]
    assert pool.active[0].wait_expected == 0


class Heavy:
    """Something whose life can be watched."""


def heavy(argument: Heavy) -> Iterator[Heavy]:
    yield argument
    return argument


def test_a_released_job_keeps_nothing_alive() -> None:
    owner, thing = Owner(), Heavy()
    watch, job = weakref.ref(thing), start(heavy, thing, owner=owner, pool=Pool()).wait(20)
    assert job.result is thing
    del thing
    job.release()
    assert until(lambda: bool(gc.collect() + 1) and watch() is None)
    assert job.status == "done" and owner.jobs == []


DRIVER = """
import json, time
import test_jobs as work
from core.jobs import start
from core.data import moons
from core.models import MLP
from core.training import Recipe, epochs, train

def told(job):
    return [job.status, job.result, list(job.recent), job.progress, job.message, job.error]

plain = [start(work.count, 5), *(start(work.broken, kind) for kind in range(4))]
real = start(epochs, MLP(2, 4, 2, seed=SEED), moons(samples=60, seed=SEED), Recipe(epochs=4, seed=SEED))
note = start(work.guarded, NOTE)
endless = start(train, MLP(2, 4, 2), moons(samples=60), Recipe(epochs=10**6), engine="torch")
found = [told(job.wait(200)) for job in plain]
found.append([real.wait(200).status, [epoch.train_loss for epoch in real.recent]])
work.until(lambda: note.progress > 0, 200)
note.cancel()
found.append([note.wait(30).status, 0 < note.progress < 1])
time.sleep(2)
endless.cancel()
found.append([endless.wait(60).status])
print(json.dumps(found))
"""
REFUSED = """
from core.jobs import start
import test_jobs as work
job = start(work.count, 2).wait(90)
print(job.status, job.error)
"""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture
def cluster() -> Iterator[dict[str, str]]:
    """A real cluster of one node that asks for a token; the environment that reaches it."""
    folder, port = Path(tempfile.mkdtemp(prefix="ray")), free_port()
    (folder / "token").write_text(secrets.token_hex(32))
    own = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(folder / "token"), "RAY_worker_niceness": "0"}
    environment = {**os.environ, **own, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests")))}
    command = [
        sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block", f"--port={port}", "--num-cpus=8",
        "--node-ip-address=127.0.0.1", f"--temp-dir={folder}", "--include-dashboard=false", "--disable-usage-stats",
        f"--ray-client-server-port={free_port()}", "--object-store-memory=100000000",
    ]  # fmt: skip
    log = (folder / "log").open("w")
    head = subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log)
    try:
        assert until(lambda: head.poll() is not None or "block forever" in log_of(folder), 90), log_of(folder)
        assert head.poll() is None, log_of(folder)
        yield {**environment, "RAY_ADDRESS": f"127.0.0.1:{port}"}
    finally:
        started = [psutil.Process(head.pid), *psutil.Process(head.pid).children(recursive=True)]
        head.terminate()
        for process in psutil.wait_procs(started, timeout=30)[1]:
            process.kill()
        head.wait(10)
        log.close()
        shutil.rmtree(folder, ignore_errors=True)


def log_of(folder: Path) -> str:
    return (folder / "log").read_text(errors="replace")


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.skipif(
    importlib.util.find_spec("ray") is None and not os.environ.get("CI"),
    reason="ray is not installed: pip install -r requirements-extra.txt",
)
def test_a_cluster_does_what_threads_do(cluster: dict[str, str], seed: int, tmp_path: Path) -> None:
    def told(job: Job) -> list:
        return [job.status, job.result, [list(value) if isinstance(value, tuple) else value for value in job.recent],
                job.progress, job.message, job.error]  # fmt: skip

    text = f"SEED, NOTE = {seed}, {str(tmp_path / 'note')!r}\n{DRIVER}"
    done = subprocess.run([sys.executable, "-c", text], env=cluster, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-3000:]
    *found, losses, cancelled, stopped = json.loads(done.stdout.splitlines()[-1])
    assert found == [told(start(count, 5).wait(20)), *(told(start(broken, kind).wait(20)) for kind in range(4))]
    job = start(epochs, MLP(2, 4, 2, seed=seed), moons(samples=60, seed=seed), Recipe(epochs=4, seed=seed)).wait(60)
    assert losses == ["done", [epoch.train_loss for epoch in job.recent]]
    assert cancelled == ["cancelled", True] and (tmp_path / "note").read_text() == "closed"
    assert stopped == ["cancelled"]

    stranger = {**cluster, "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    refused = subprocess.run([sys.executable, "-c", REFUSED], env=stranger, capture_output=True, text=True, timeout=120)
    assert refused.stdout.startswith("failed"), refused.stdout + refused.stderr[-2000:]
