"""What the page “The environment” states."""

import json
import os
import platform
import sys
from dataclasses import replace
from importlib.metadata import distribution, version

import nbformat
import numpy as np
import psutil
import pytest
import torch
import yaml
from nbclient import NotebookClient
from pages_under_test import opened, watched
from programs_run import distance, results_of, stored
from test_arrows import ROOT

from core.jobs import start
from core.lessons import curriculum
from core.programs import Program, Step, program_of_beginning
from core.programs.environments import MOST_EMBEDDED, PYTHON
from core.provenance import Measured
from core.serving.uploads import Refused
from core.topics.environment import files, files_view, machine, machine_view, packages, packages_view, threads
from core.topics.environment import threads_view as seen
from core.training import Run

# This machine --------------------------------------------------------------------------------------------------------


def test_reported_versions_are_the_real_ones():
    found = machine.versions()
    assert found["Python"] == ".".join(map(str, sys.version_info[:3])) == platform.python_version()
    for name in ("torch", "numpy", "streamlit", "safetensors"):
        assert found[name] == version(name)
    assert found["numpy"] == np.__version__
    assert machine.built()["Release"] == torch.__version__


def test_threads_and_cores_are_those_of_this_process(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    found = machine.threads()
    assert found["OMP_NUM_THREADS"] == "3"
    assert found["Threads inside an operation"] == str(torch.get_num_threads())
    assert 1 <= machine.cores() <= (os.cpu_count() or 1)


def test_memory_is_the_systems_own_account():
    found = machine.memory_of()
    assert 0 < found.own < found.total <= psutil.virtual_memory().total / 1e9 and found.free <= found.total


def test_nothing_names_a_person_a_computer_or_a_folder():
    tables = machine.examined(256, "Adam", "float32", 0).tables
    values = " ".join(value for rows in tables.values() for value in rows.values())
    assert platform.node() not in values.split() and os.getcwd() not in values and sys.prefix not in values


def test_the_planned_training_keeps_what_torch_keeps(seeds):
    """Weights, gradients and the optimizer's own tensors, counted in a real training."""
    rules = {
        "SGD": lambda parts: torch.optim.SGD(parts, 0.1),
        "SGD with momentum": lambda parts: torch.optim.SGD(parts, 0.1, momentum=0.9),
        "Adam": lambda parts: torch.optim.Adam(parts, 0.1),
    }
    for seed, (name, rule) in zip(seeds, rules.items(), strict=False):
        units = 3 + seed % 20
        model = torch.nn.Sequential(torch.nn.Linear(784, units), torch.nn.Linear(units, units),
                                    torch.nn.Linear(units, 10))  # fmt: skip
        optimizer = rule(model.parameters())
        model(torch.ones(2, 784)).sum().backward()
        optimizer.step()
        count = sum(part.numel() for part in model.parameters())
        memory = sum(
            part.numel() for state in optimizer.state.values() for part in state.values()
            if torch.is_tensor(part) and part.dim()
        )  # fmt: skip
        assert machine.parameters(units) == count
        assert 2 * count + memory == machine.COPIES[name] * count


def test_the_memory_challenge_can_be_met_and_missed_whatever_is_free():
    for free in (0.5, 3.0, 17.0, 60.0, 400.0):
        reached = []
        for units in machine_view.WIDTHS:
            found = machine.examined(units, "Adam", "float32", 0)
            found = replace(found, memory=replace(found.memory, free=free))
            reached.append(machine_view.goal(found).passed)
        assert any(reached) and not all(reached), free


# Threads -------------------------------------------------------------------------------------------------------------


def rates(steps, counts=(1, 2, 4, 8), cores=4) -> threads.Rates:
    return threads.Rates(threads.Plan(32, 128), counts, np.asarray(steps, float), cores, Measured((0,), 1.0))


def test_the_measurement_is_made_in_another_process_and_tells_its_progress(seed):
    before, work, told = torch.get_num_threads(), threads.measured(8, 16, seed), []
    while True:
        try:
            told.append(next(work))
        except StopIteration as end:
            found = end.value
            break
    assert found.threads == threads.counts_of(machine.cores()) and found.cores == machine.cores()
    assert found.steps.shape == (threads.REPEATS, len(found.threads)) and (found.steps > 0).all()
    assert torch.get_num_threads() == before
    assert found.load >= 0 or not hasattr(os, "getloadavg")
    assert "round 1 of 6, 1 thread" in dict(told).values() and "1 are enough" not in seen.goal(found).now
    shares = [share for share, message in told if "thread" in message]
    assert shares == sorted(shares) and shares[0] == 0 and len(set(shares)) == found.steps.size
    assert seen.question(found).truth in seen.question(found).options
    assert len(seen.draw_rates(found).pictures) == 1 and "cores" in found.provenance


def test_a_measurement_can_be_cancelled():
    job = start(threads.measured, 512, 1024, 0)
    while job.latest is None and job.status in ("queued", "running"):
        job.finished.wait(0.01)
    job.cancel()
    assert job.wait(60).status == "cancelled"


def test_amdahls_share_is_found_again(seeds):
    for seed in seeds:
        draw = np.random.default_rng(seed)
        share, counts = draw.uniform(0, 1), (1, 2, 3, 4, 8)
        speed = draw.uniform(1, 1e4) * threads.amdahl(counts, share)
        found = rates(np.tile(speed, (6, 1)), counts, cores=8)
        assert found.parallel == pytest.approx(share, abs=1e-9)
        assert threads.amdahl([10**9], share)[0] == pytest.approx(1 / (1 - share), rel=1e-4)


def test_where_threads_stop_helping_is_told_from_noise(seeds):
    for seed in seeds[:5]:
        noise = np.exp(np.random.default_rng(seed).normal(0, 0.01, (6, 4)))
        assert rates(noise * [100, 200, 400, 300]).enough == 4
        flat = rates(np.exp(np.random.default_rng(seed).normal(0, 0.01, (6, 1))) * [[100, 40, 30, 20]])
        assert flat.enough == 1 and seen.goal(flat).passed and not seen.goal(rates(noise * [1, 2, 4, 4])).passed
    assert not seen.goal(None).passed


def test_a_busy_machine_is_called_busy():
    quiet = rates([[1, 2, 3, 4]] * 6)
    for load, is_busy in ((float("nan"), False), (0.3, False), (3.5, True)):
        assert ("was busy" in seen.draw_rates(replace(quiet, load=load)).note) == is_busy


def test_more_threads_change_the_speed_and_not_the_training(seed):
    """The loss of a few steps with two threads is that with one."""
    found = seen.law(128, 128, seed)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        twice = threads.trained(threads.network(128), *threads.batch(128, seed), seen.STEPS)
    finally:
        torch.set_num_threads(before)
    assert twice == pytest.approx(found.loss, abs=1e-5)


# Packages ------------------------------------------------------------------------------------------------------------


def test_what_a_package_brings_holds_everything_it_needs():
    found = packages.brought(["torch"])
    assert {"torch", "sympy", "mpmath", "jinja2", "markupsafe", "filelock"} <= found and "streamlit" not in found
    assert packages.brought(["numpy"]) == {"numpy"}
    assert packages.brought(["numpy", "torch"]) == found | {"numpy"}


def test_sizes_are_those_on_the_disk():
    for name in ("safetensors", "packaging"):
        listed = [file for file in distribution(name).files or [] if file.size]
        size = sum(file.locate().stat().st_size for file in listed if file.locate().exists())
        assert packages.size_of(name) == pytest.approx(size / 1e6, rel=0.02)


def test_the_packages_challenge_can_be_met_and_is_not_by_the_first_view():
    passed = {name: packages_view.goal(packages.installed((name,), 0)).passed for name in packages.CHOICES}
    assert any(passed.values()) and not passed["torch"]


def test_nothing_chosen_is_one_sentence():
    with pytest.raises(ValueError, match=r"^Choose at least one package to install\.$"):
        packages_view.measure((), 0)


# Files ---------------------------------------------------------------------------------------------------------------


def parts_of(text: str) -> tuple[list[str], list[str]]:
    """What an environment.yml asks of conda, and of pip."""
    parts = yaml.safe_load(text)["dependencies"]
    return [each for each in parts if isinstance(each, str)], [row for each in parts if isinstance(each, dict)
                                                               for row in each["pip"]]  # fmt: skip


def test_the_hubs_environment_is_its_requirements():
    text = files.of_the_hub()
    conda, pip = parts_of(text)
    rows = [row.split("#")[0].strip() for row in (ROOT / "requirements.txt").read_text().splitlines()]
    assert pip == [row for row in rows if row and row[0] != "-"] and not files.faults_of(text)
    assert conda == [f"python={PYTHON}", "pip", "ipykernel"]


def test_the_shipped_environment_refers_to_the_requirements():
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    assert not files.faults_of(text)
    assert parts_of(text) == ([f"python={PYTHON}", "pip", "ipykernel"], ["-r requirements.txt"])


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("name: a\nchannels: [conda-forge]", "“dependencies” is missing"),
        ("dependencies: numpy", "must be a list"),
        ("nmae: a\ndependencies: [pip]", "“nmae” is no part"),
        ("dependencies: [{conda: [a]}]", "a text, or “pip:”"),
        ("dependencies: ['rm -rf /']", "names no package"),
        ("dependencies: [{pip: ['numpy=1']}]", "no requirement that pip can read"),
        ("dependencies: [{pip: ['-e git+https://example.org']}]", "no requirement that pip can read"),
        ("- a\n- b", "must hold names with values"),
    ],
)
def test_faults_of_an_environment_are_named(text, fault):
    assert any(fault in each for each in files.faults_of(text))


@pytest.mark.parametrize("row", ["python", "python=3.11", "numpy>=2,<3", "numpy >=2", "conda-forge::numpy=2.*",
                                 "pytorch=2.1=py3.11_cuda*"])  # fmt: skip
def test_what_conda_allows_is_no_fault(row):
    assert not files.faults_of(yaml.safe_dump({"dependencies": [row, {"pip": ["torch==2.14.1; python_version>'3'"]}]}))


def test_deviations_are_told(seed):
    assert files.deviations(["numpy==0.0.1", "no-such-package-here==1"]) == {
        "numpy": version("numpy"), "no-such-package-here": "",
    }  # fmt: skip
    assert files.deviations([f"numpy=={version('numpy')}", "x==1; python_version < '3'"]) == {}


def lab(seed: int) -> Program:
    """A lab's program that reads two files beside it."""
    text = 'text = open("words.txt", encoding="utf-8").read()\nbits = open("bits.bin", "rb").read()\n'
    text += f"torch.manual_seed({seed})\nresult = {{'sum': torch.rand(5).sum().item(), 'bytes': len(bits), "
    text += "'words': len(text)}"
    torch.manual_seed(seed)
    shown = {"sum": torch.rand(5).sum().item(), "bytes": 256, "words": 4}
    return Program("A lab", (Step("Read", text),), shown=shown,
                   files={"words.txt": "ä\"'\n", "bits.bin": bytes(range(256))})  # fmt: skip


def run(text: str, folder) -> dict:
    """A notebook in a kernel of its own, as Jupyter runs it; what its last cell shows."""
    book = nbformat.reads(text, as_version=4)
    nbformat.validate(book)
    NotebookClient(book, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}}).execute()
    return eval(book.cells[-1].outputs[0]["data"]["text/plain"], {"__builtins__": {}})


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore::RuntimeWarning")
def test_a_notebook_for_colab_runs_in_an_empty_folder(seed, tmp_path):
    program = lab(seed)
    assert distance(run(program.colab, tmp_path), program.shown) <= program.tolerance
    assert (tmp_path / "bits.bin").read_bytes() == bytes(range(256))


def check_lab(topic: curriculum.Topic, folder) -> None:
    """What a page's first view offers for Colab runs in an empty folder and makes the numbers shown."""
    with watched() as shown:
        opened(topic)
    program = shown.programs[-1]
    program = program_of_beginning(program, 5) if isinstance(program, Run) else program
    if "upload()" in program.colab:  # as in Colab, with the files chosen
        stored({"google/colab/files.py": "def upload(): pass", **program.files}, folder)
    assert not program.shown or distance(run(program.colab, folder), program.shown) <= program.tolerance


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore::RuntimeWarning")
@pytest.mark.parametrize("slug", ["what-is-deep-learning", "losses"])
def test_a_labs_notebook_for_colab_makes_what_is_shown(slug, tmp_path):
    check_lab(curriculum.topic(slug), tmp_path)


@pytest.mark.long
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore::RuntimeWarning")
@pytest.mark.parametrize("topic", curriculum.topics(), ids=[topic.key for topic in curriculum.topics()])
def test_any_labs_notebook_for_colab_makes_what_is_shown(topic, tmp_path):
    if topic.slug == "self-driving":
        pytest.skip("it drives for minutes; its program is compared in test_self_driving.py")
    check_lab(topic, tmp_path)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore::RuntimeWarning")
def test_the_pages_own_notebooks_run(seed, tmp_path):
    program = seen.program(seen.law(8, 16, seed))
    assert distance(run(program.notebook, tmp_path), program.shown) <= program.tolerance


def test_the_first_cell_installs_what_is_missing_and_nothing_else(monkeypatch, tmp_path):
    """Run as a program whose pip is watched, with one package more than there are."""
    from core.programs.environments import first_cells

    cell = first_cells({"torch": "torch==2.14.1", "no_such_module": "no-such-package==1"}, {})[0]
    text = cell.replace("subprocess.run(", "calls.append(").replace(", check=True", "")
    program = Program(
        "x", (Step("x", f"calls = []\n{text}\nresult = {{'installed': len(calls[0]) - 5, 'last': calls[0][-1]}}"),)
    )
    (found,) = results_of([program], tmp_path, [f"{program.steps[0].text}\nprint(result)"])
    assert found == {"installed": 1, "last": "no-such-package==1"}


def test_large_files_are_asked_for_instead_of_carried():
    program = replace(lab(0), files={"big.bin": bytes(MOST_EMBEDDED + 1)})
    assert len(program.colab) < 20_000 and "big.bin" in program.colab and "upload()" in program.colab


def test_a_labs_environment_names_what_it_imports_at_the_versions_here(seed):
    conda, pip = parts_of(lab(seed).environment)
    assert pip == [f"torch=={version('torch').partition('+')[0]}"] and conda[0] == f"python={PYTHON}"
    assert not files.faults_of(lab(seed).environment)


@pytest.mark.parametrize("kind", files_view.KINDS)
def test_files_of_the_view_are_what_it_says(kind, seed):
    found = files_view.measure(kind, seed)
    if kind == files_view.ANACONDA:
        assert files_view.question(found).truth == len(files.pinned())
    else:
        cells = nbformat.reads(found.content, as_version=4).cells
        assert files_view.question(found).truth == sum(each.cell_type == "code" for each in cells)
        assert ("importlib.util" in found.content) == (kind == files_view.COLAB)
    assert files_view.downloads(found)[0][2].decode() == found.content


# The learner's own ---------------------------------------------------------------------------------------------------


def test_a_program_is_read_and_not_run(tmp_path):
    stolen = tmp_path / "stolen"
    text = (
        f"import os, numpy as np\nfrom sklearn.svm import SVC\nimport cv2, no_such_thing\nopen({str(stolen)!r}, 'w')\n"
    )
    found = files.understood(text.encode())
    assert found.kind == "Python file" and found.unknown == ("no_such_thing",) and not stolen.exists()
    assert f"scikit-learn=={version('scikit-learn')}" in found.requirements
    assert any(row.startswith("opencv-python") for row in found.requirements)
    assert not files.faults_of(found.environment) and "no_such_thing" in found.environment
    assert "no_such_thing" not in " ".join(parts_of(found.environment)[1]), "a name is never guessed"


def test_a_notebook_keeps_its_cells_behind_one_that_installs():
    cells = [("markdown", "# Mine"), ("code", "%matplotlib inline\n!pip install x\nimport torch\ntorch?")]
    from core.programs.environments import notebook

    found = files.understood(notebook(cells).encode())
    book = nbformat.reads(found.colab, as_version=4)
    nbformat.validate(book)
    assert found.kind == "notebook" and [each.source for each in book.cells[1:]] == [text for _, text in cells]
    assert files_view.goal_own(found).passed is False


def test_lists_of_packages_are_compared_with_this_machine():
    found = files.understood(f"# mine\nnumpy=={version('numpy')}\ntorch==1.0  # old\n".encode())
    assert found.kind == "requirements.txt" and [row["Here"] for row in found.rows] == ["the same", version("torch")]
    found = files.understood(files.of_the_hub().encode())
    assert found.kind == "environment.yml" and not found.faults and not found.unknown


def test_the_own_challenge_can_be_met():
    assert files_view.goal_own(files.understood(b"import torch, numpy, scipy")).passed


@pytest.mark.parametrize(
    "content",
    [
        b"", b"  \n", b"\xff\xfe\x00", b"a\0b", b"x" * (files.MOST_BYTES + 1), b"def f(:", b"x = 1\n" * 100_000,
        b"dependencies:\n" + b"- a\n" * 20_000, b"a\n" * 300_000, b"{", b'{"a": 1}',
        b'{"cells": 3}', b'{"cells": [1]}', b'{"cells": [{"source": [1]}]}', b"(" * 90_000 + b")" * 90_000,
        b"[" * 100_000, b'{"cells":' + b"[" * 90_000, b"dependencies: [a\n - b: {", b"dependencies: &a [*a]",
        b"dependencies:\n- !!python/object/apply:os.system ['x']",
        json.dumps({"cells": [{"cell_type": "code", "source": ""}] * (files.MOST_CELLS + 1)}).encode(),
        b"import a" + b"+1" * 60_000, b"-" * 200_000 + b"1",
    ],
    ids=lambda content: repr(content[:20]),
)  # fmt: skip
def test_hostile_files_are_refused_in_one_sentence(content):
    with pytest.raises(Refused, match=r"^[A-Z].*[.:]$"):
        files.understood(content)


def test_aliases_that_would_grow_without_end_are_refused():
    bomb = "a: &a [x]\n" + "".join(f"b{n}: &b{n} [*{'a' if not n else f'b{n - 1}'}]\n" for n in range(30))
    with pytest.raises(Refused, match="aliases"):
        files.understood(f"dependencies: [pip]\n{bomb}".encode())
