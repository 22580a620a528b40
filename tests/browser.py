"""A hub in a process of its own and a Chromium to look at it with."""

import atexit
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HERE = re.compile(r"((https?|wss?)://(127\.0\.0\.1|localhost)|data:|blob:)")


def chromium() -> str:
    """The browser; without one the test is skipped, but in CI it fails."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        assert not os.environ.get("CI"), "CI must have a Chromium: .ci/run installs it"
        pytest.skip("no Chromium on this machine")
    return path


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def served(*command: str, ready: str = "/healthz", wait: float = 120) -> Iterator[str]:
    """A server started with ``{port}`` in its command, as a URL, once ``ready`` answers 200."""
    port = free_port()
    words = [word.format(port=port) for word in command]
    process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(int(wait / 0.25)):
            assert process.poll() is None, "the server stopped while starting"
            try:
                urllib.request.urlopen(url + ready, timeout=2).close()
                break
            except OSError:
                time.sleep(0.25)
        else:
            raise AssertionError(f"{url}{ready} did not answer within {wait} s")
        yield url
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


def hub() -> tuple[str, ...]:
    """The command that opens the hub."""
    port = ["--server.port", "{port}", "--server.headless", "true"]
    return (sys.executable, "-m", "streamlit", "run", "Home.py", *port)


class Watch:
    """What a browser page complained about and whom it asked."""

    def __init__(self, page) -> None:
        self.errors, self.outside = [], []
        page.on("console", lambda line: self.errors.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: None if HERE.match(request.url) else self.outside.append(request.url))

    def clean(self) -> None:
        """Raises if there was an error or a request left the machine; Streamlit's probe of its base path is a 404, and
        a test that takes the server away makes it ask in vain."""
        expected = ("404", "ERR_INTERNET_DISCONNECTED", "Failed to fetch")
        assert not [error for error in self.errors if not any(words in error for words in expected)], self.errors
        assert not self.outside, self.outside


@lru_cache
def browser():
    """One Chromium for all tests of this process."""
    from playwright.sync_api import sync_playwright

    playwright = sync_playwright().start()
    opened = playwright.chromium.launch(executable_path=chromium(), args=QUIET)
    atexit.register(lambda: (opened.close(), playwright.stop()))
    return opened


@lru_cache
def window(touch: bool):
    """A window that tests use one after another: it keeps the scripts it has fetched, as a browser does."""
    return browser().new_context(has_touch=touch)


@contextmanager
def looking(width: int = 1280, height: int = 900, dark: bool = False, touch: bool = False, empty: bool = False):
    """A tab in a window without memories of earlier tests, as (page, watch); ``empty``: without their scripts too."""
    context = browser().new_context(has_touch=touch) if empty else window(touch)
    before = context.pages  # a tab that is open already belongs to somebody else
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme="dark" if dark else "light")
    try:
        yield page, Watch(page)
    except Exception as error:
        if not page.is_closed():
            error.add_note(f"On the screen of {page.url}:\n{page.locator('body').inner_text(timeout=5_000)[-2_000:]}")
        raise
    finally:
        context.set_offline(False)
        for tab in [tab for tab in context.pages if tab not in before]:
            if tab.url.startswith("http"):
                tab.evaluate("localStorage.clear()")
            tab.close()
        if not before:
            context.clear_cookies()
        if empty:
            context.close()


def settled(page) -> None:
    """Waits until the page has run to its end: a field for files that has just been enabled loses what comes before."""
    page.wait_for_selector("[data-test-script-state=notRunning]", timeout=90_000)


def until(condition, seconds: float = 40) -> None:
    """Waits for a condition; fails if it does not come."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
