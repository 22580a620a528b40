"""The hub and the demos under a path, behind a proxy that forwards that path alone."""

import gc
import socket
import sys
import urllib.request

import pytest
from browser import hub, looking, served
from demos_under_test import started
from proxy import forwarding

from demos import spaces

PATH = "/class/lab"


@pytest.fixture(scope="module", params=["kept", "stripped"])
def lab(request: pytest.FixtureRequest):
    """The hub behind a proxy that keeps the path, as Streamlit's base path expects, or one that strips it."""
    kept = request.param == "kept"
    options = ["--server.baseUrlPath", PATH] if kept else []
    with served(*hub(), *options) as url, forwarding(url, PATH, strip=not kept) as (address, refused):
        yield address, refused


def test_pages_figures_fonts_and_services_follow_the_path(lab) -> None:
    address, refused = lab
    with looking() as (page, watch):
        page.goto(f"{address}/perceptron")
        page.wait_for_selector(".rl-stage[data-drawn]", timeout=120_000)
        page.wait_for_function("document.fonts.status === 'loaded'")
        fonts = page.evaluate("[...document.fonts].filter(font => font.status === 'loaded').map(font => font.family)")
        assert {name.strip('"') for name in fonts} >= {"IBM Plex Sans", "Literata"}
        page.locator(".rl-contents").get_by_role("link", name="Roadmap").click()
        page.wait_for_selector(".st-key-hero")
        page.get_by_role("link", name="Loss functions").last.click()
        page.wait_for_selector(".rl-stage[data-drawn]", timeout=120_000)
        watch.clean()
    for answer in ("healthz", "api/openapi.json", "api/driving"):
        assert urllib.request.urlopen(f"{address}/{answer}").status == 200
    assert refused == []


def test_the_proxy_drops_what_is_still_open() -> None:
    """A socket that nobody closes is an error in whichever test runs when it is collected."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with forwarding(f"http://127.0.0.1:{silent.getsockname()[1]}", PATH) as (address, _):
            place = address.removeprefix("http://").removesuffix(PATH).split(":")
            visitors = [socket.create_connection(place) for _ in range(20)]
            for visitor in visitors[:10]:
                visitor.sendall(f"GET {PATH}/ HTTP/1.1\r\nHost: here\r\n\r\n".encode())
        for visitor in visitors:
            visitor.close()
    gc.collect()


def test_the_cockpit_drives_under_the_path(lab) -> None:
    address, refused = lab
    with looking() as (page, watch):
        page.goto(f"{address}/self-driving")
        page.wait_for_function("Number(document.querySelector('.cockpit')?.dataset.frames ?? 0) > 2", timeout=120_000)
        watch.clean()
    assert refused == []


@pytest.fixture
def demo(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch):
    """A demo behind a proxy that strips the path, and a window on it that must ask for nothing else."""
    monkeypatch.setenv("GRADIO_ROOT_PATH", PATH)
    program = started(sys.executable, spaces.ROOT, "-m", f"demos.{request.param}.app")
    with program as url, forwarding(url, PATH, strip=True) as (address, refused), looking(1200, 1400) as (page, watch):
        page.goto(f"{address}/")
        yield page
        watch.clean()
        assert set(refused) <= {"/favicon.ico"}  # which a browser asks of any server by itself


@pytest.mark.parametrize("demo", ["mnist"], indirect=True)
def test_the_digit_demo_follows_the_path(demo) -> None:
    demo.locator("#pad canvas").wait_for(timeout=90_000)
    demo.locator("button.thumbnail-item").nth(4).click()
    demo.wait_for_function("document.querySelector('#answer textarea').value.startsWith('A 4')", timeout=60_000)


@pytest.mark.parametrize("demo", ["driving"], indirect=True)
def test_the_driving_demo_follows_the_path(demo) -> None:
    demo.get_by_role("button", name="Drive", exact=True).click(timeout=90_000)
    demo.wait_for_function("Number(document.querySelector('.cockpit')?.dataset.position) >= 10", timeout=120_000)
