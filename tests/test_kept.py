"""A learner who moves on pays for nothing old, and two who ask for the same share it: on a real server."""

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks.session import Session, served
from core.cancel import Cancel, GivenUpError, steps, until

APP = """
import time
from pathlib import Path

import streamlit as st

from core.cancel import go_on, steps
from pages import ui

FOLDER = Path({folder!r})


@ui.cached
def experiment(number: int) -> int:
    with (FOLDER / f"began{{number}}").open("a") as note:
        note.write("x")
    try:
        while not (FOLDER / f"go{{number}}").exists():
            time.sleep(0.01)
            go_on()
    except Exception as error:
        (FOLDER / f"left{{number}}").write_text(type(error).__name__)
        raise
    return number**2


@ui.cached
def counted(number: int) -> int:
    for step in steps(range(4)):
        while not (FOLDER / f"step{{step}}").exists():
            time.sleep(0.01)
            go_on()
    return number**2


@ui.cached
def broken(number: int) -> int:
    raise ValueError(f"{{number}} is no number of hidden units.")


st.write(f"asked {{st.query_params['number']}}")
if "counted" in st.query_params:
    st.write(f"counted {{counted(5)}}")
st.write(f"answer {{experiment(int(st.query_params['number']))}}")
if "twice" in st.query_params:
    st.write(f"again {{experiment(10 * int(st.query_params['number']))}}")
if "broken" in st.query_params:
    broken(7)
"""


class Asking(Session):
    """A session whose wish is in the address, and which need not wait for the answer."""

    def answer(self) -> tuple[float, int]:
        """Nothing is asked on arrival."""
        return 0.0, 0

    def wish(self, query: str) -> None:
        """Ask for the page at an address, and go on."""
        message = BackMsg()
        message.rerun_script.query_string = query
        self.socket.send(message.SerializeToString())

    def press(self, id: str, query: str) -> None:
        """Press a button of the page at an address."""
        message = BackMsg()
        message.rerun_script.query_string = query
        message.rerun_script.widget_states.widgets.add(id=id, trigger_value=True)
        self.socket.send(message.SerializeToString())

    def element(self, kind: str, condition: Callable[[Any], bool]) -> Any:
        """The first element of a kind for which something holds."""
        while True:
            element = ForwardMsg.FromString(self.socket.recv(60)).delta.new_element
            if element.HasField(kind) and condition(getattr(element, kind)):
                return getattr(element, kind)

    def until(self, text: str) -> str:
        """The first text from the page that begins so."""
        while True:
            element = ForwardMsg.FromString(self.socket.recv(60)).delta.new_element
            body = element.exception.message if element.HasField("exception") else element.markdown.body
            if body.startswith(text):
                return body


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    folder = tmp_path_factory.mktemp("kept")
    (folder / "app.py").write_text(APP.format(folder=str(folder)), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).resolve().parent.parent))
        patch.setenv("PYTHONSAFEPATH", "1")  # not what lies about where the server starts
        command = (sys.executable, "-m", "streamlit", "run", str(folder / "app.py"))
        with served(*command, "--server.fileWatcherType", "none", "--client.showErrorDetails", "full") as (url, _):
            yield url, folder


def appeared(path: Path) -> str:
    """What the hub writes into a file, once it is there."""
    for _ in range(3000):
        if path.exists() and path.read_text():
            return path.read_text()
        time.sleep(0.02)
    raise AssertionError(f"{path.name} never came")


def test_who_moves_on_gives_up_the_old_experiment(hub: tuple[str, Path]) -> None:
    url, folder = hub
    with Asking(url) as learner:
        learner.wish("number=1")
        appeared(folder / "began1")
        learner.wish("number=2")
        assert appeared(folder / "left1") == "GivenUpError"
        appeared(folder / "began2")
        (folder / "go2").touch()
        assert learner.until("answer") == "answer 4"


def test_two_who_ask_for_the_same_share_one_computation(hub: tuple[str, Path]) -> None:
    url, folder = hub
    with Asking(url) as first, Asking(url) as second:
        first.wish("number=3")
        appeared(folder / "began3")
        second.wish("number=3")
        second.until("asked 3")
        first.wish("number=2")  # known: the first moves on, the second still waits
        assert first.until("answer") == "answer 4"
        assert not (folder / "left3").exists()
        (folder / "go3").touch()
        assert second.until("answer") == "answer 9"
        first.wish("number=3")
        assert first.until("answer") == "answer 9"
    assert (folder / "began3").read_text() == "x"


def test_what_is_wrong_with_an_experiment_is_said_each_time(hub: tuple[str, Path]) -> None:
    url, folder = hub
    (folder / "go4").touch()
    with Asking(url) as learner:
        for _ in range(2):
            learner.wish("number=4&broken=1")
            assert learner.until("7 is no") == "7 is no number of hidden units."


def test_what_takes_long_says_how_far_it_is_and_can_be_stopped_and_asked_for_again(hub: tuple[str, Path]) -> None:
    url, folder = hub
    (folder / "go6").touch()
    query = "number=6&counted=1"
    with Asking(url) as learner:
        learner.wish(query)
        stop = learner.element("button", lambda button: button.label == "Stop")
        (folder / "step0").touch()
        assert learner.element("progress", lambda progress: progress.value == 25).text.endswith(" s")
        learner.press(stop.id, query)
        go_on = learner.element("button", lambda button: button.label == "Go on")
        for step in range(1, 4):
            (folder / f"step{step}").touch()
        learner.press(go_on.id, query)
        assert learner.until("counted") == "counted 25"


def test_two_that_take_long_one_after_the_other_can_each_be_stopped(hub: tuple[str, Path]) -> None:
    url, folder = hub
    with Asking(url) as learner:
        learner.wish("number=8&twice=1")
        first = learner.element("button", lambda button: button.label == "Stop")
        (folder / "go8").touch()
        assert learner.until("answer") == "answer 64"
        assert learner.element("button", lambda button: button.label == "Stop").id != first.id
        (folder / "go80").touch()
        assert learner.until("again") == "again 6400"


def test_steps_within_steps_divide_them() -> None:
    cancel = Cancel()
    with until(cancel):
        seen = [cancel.progress for _ in steps("ab") for _ in steps("cd")]
        with pytest.raises(GivenUpError):
            for _ in steps("ef"):
                cancel.set()
    assert seen == [0.0, 0.25, 0.5, 0.75]
    assert list(steps("gh")) == ["g", "h"]  # nobody waits
