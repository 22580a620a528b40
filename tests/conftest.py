"""What all tests share: one source of randomness, one thread, and the local data folder if there is one."""

import os
import random
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import core  # noqa: F401  # before torch: it sees to one thread per operation

ROOT = Path(__file__).resolve().parent.parent
MAIN = sys.modules["__main__"]
if "ROADMAP_LAB_DATA" not in os.environ and (beside := ROOT.parent / "shared" / "data").is_dir():
    os.environ["ROADMAP_LAB_DATA"] = str(beside)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", default="0", help="where claims and fuzz take their seeds from: a number, or 'random'")


def pytest_configure(config: pytest.Config) -> None:
    config.option.seed = getattr(config, "workerinput", {}).get("seed", config.option.seed)
    if config.option.seed == "random":
        config.option.seed = str(random.SystemRandom().randrange(10**9))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """All workers take their seeds from the one that the head of the report names."""
    node.workerinput["seed"] = node.config.option.seed


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes minutes may: an hour each, unless a test says otherwise."""
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(pytest.mark.timeout(3600))


def pytest_report_header(config: pytest.Config) -> str:
    return f"seed: {config.getoption('--seed')} (repeat with --seed {config.getoption('--seed')})"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    report = yield
    if report.failed:
        report.sections.append(("seed", f"repeat with: pytest --seed {item.config.getoption('--seed')} {item.nodeid}"))
    return report


@pytest.fixture(autouse=True)
def main_module() -> Iterator[None]:
    """Streamlit's tests leave the last page behind as ``__main__``, which a process that is spawned would then run."""
    yield
    sys.modules["__main__"] = MAIN


@pytest.fixture(scope="session")
def compilation() -> None:
    """The compiled trainer, ready: until it is, torch serves."""
    from core.training import warm

    warm()


@pytest.fixture
def seeds(request: pytest.FixtureRequest) -> list[int]:
    """Twenty seeds of this test's own, drawn from ``--seed``: other numbers for another test or another option."""
    draw = random.Random(zlib.crc32(request.node.nodeid.encode()) + 1_000_003 * int(request.config.getoption("--seed")))
    return [draw.randrange(10**6) for _ in range(20)]


@pytest.fixture
def seed(seeds: list[int]) -> int:
    """One seed of this test's own."""
    return seeds[0]
