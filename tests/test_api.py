"""What the hub answers besides its pages: JSON for other programs, bodies within limits, files kept for good."""

import gzip
import random
import re
from types import ModuleType

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from core.serving import files
from core.serving.api import Api
from core.serving.base import Preloads, UnderBase
from core.serving.bodies import Refusal, received

MOST = 200_000
ELSEWHERE = {"Origin": "https://elsewhere.example"}


async def sizes(request: Request) -> JSONResponse:
    """How large the content was and of what kind."""
    try:
        content, kind = await received(request, MOST)
    except Refusal as refusal:
        return refusal.response
    return JSONResponse({"size": len(content), "kind": kind})


def fails(request: Request) -> None:
    raise RuntimeError("a secret")


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch):
    """Makes a client of an application with one service, for the web sites that are named."""
    service = ModuleType("a_service")
    service.routes = lambda: [Route("/api/sizes", sizes, methods=["POST"]), Route("/api/sizes/broken", fails)]
    monkeypatch.setitem(__import__("sys").modules, "a_service", service)
    return lambda *origins: TestClient(
        Starlette(routes=Api({"sizes": "a_service"}, origins).routes()), raise_server_exceptions=False
    )


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nothing", "/api/sizes/nothing", "/api/sizes/", "/api/%2e%2e"])
def test_an_unknown_address_is_404_in_json(api, path: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        reply = api().request(method, path)
        assert reply.status_code == 404 and "openapi.json" in reply.json()["error"]


def test_another_method_is_405_in_json_and_says_which_are_taken(api) -> None:
    reply = api().put("/api/sizes")
    assert reply.status_code == 405 and reply.headers["Allow"] == "POST"
    assert reply.json() == {"error": "This address takes POST only."}


def test_a_failure_is_500_in_json_without_its_words(api) -> None:
    reply = api().get("/api/sizes/broken")
    assert reply.status_code == 500 and "log" in reply.json()["error"] and "secret" not in reply.text


def test_packed_bodies_are_unpacked_and_their_size_is_what_counts(api, seed: int) -> None:
    content = random.Random(seed).randbytes(MOST - 10)
    packed = {"Content-Encoding": "gzip", "Content-Type": "image/png"}
    reply = api().post("/api/sizes", content=gzip.compress(content), headers=packed)
    assert reply.json() == {"size": len(content), "kind": "image/png"}
    bomb = gzip.compress(bytes(50_000_000))
    assert len(bomb) < MOST
    for body, headers in ((bomb, packed), (bytes(MOST + 1), {})):
        assert api().post("/api/sizes", content=body, headers=headers).status_code == 413


@pytest.mark.parametrize(
    "body", [b"", b"plain", gzip.compress(b"x" * 999, mtime=0)[:-9], gzip.compress(b"x", mtime=0)[:5]]
)
def test_what_is_not_packed_as_it_says_is_refused(api, body: bytes) -> None:
    reply = api().post("/api/sizes", content=body, headers={"Content-Encoding": "gzip"})
    assert reply.status_code == 422 and reply.json()["error"].endswith(".")


def test_a_packing_nobody_knows_names_the_known_ones(api) -> None:
    reply = api().post("/api/sizes", content=b"x", headers={"Content-Encoding": "br"})
    assert reply.status_code == 415 and "gzip" in reply.headers["Accept-Encoding"]


def test_a_form_carries_one_file(api, seed: int) -> None:
    content = random.Random(seed).randbytes(MOST)
    reply = api().post("/api/sizes", files={"any": ("seven.png", content, "image/png")}, data={"note": "hello"})
    assert reply.json() == {"size": MOST, "kind": "image/png"}
    for wrong in ({"data": {"note": "x"}, "files": {"": ("", b"")}}, {"files": [("a", b"1"), ("a", b"2")]}):
        assert api().post("/api/sizes", **wrong).status_code == 422
    for kind in ("multipart/form-data", "multipart/form-data; boundary=x"):
        reply = api().post("/api/sizes", content=b"nonsense", headers={"Content-Type": kind})
        assert reply.status_code == 422 and "form" in reply.json()["error"]


def test_other_web_sites_may_call_only_if_they_are_named(api) -> None:
    asks = {**ELSEWHERE, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "Content-Type"}
    shut = api()
    assert "Access-Control-Allow-Origin" not in shut.post("/api/sizes", headers=ELSEWHERE).headers
    assert shut.options("/api/sizes", headers=asks).status_code == 405
    for named in ("*", ELSEWHERE["Origin"]):
        allowed = api(named)
        assert allowed.options("/api/sizes", headers=asks).headers["Access-Control-Allow-Origin"] == named
        assert allowed.post("/api/sizes", headers=ELSEWHERE).headers["Access-Control-Allow-Origin"] == named
        assert allowed.get("/api/nothing", headers=ELSEWHERE).headers["Access-Control-Allow-Origin"] == named
    other = api("https://friend.example")
    assert "Access-Control-Allow-Origin" not in other.post("/api/sizes", headers=ELSEWHERE).headers


# Files


@pytest.fixture
def hub() -> TestClient:
    """The files and a page, under the base path "a/path"."""
    own = Middleware(UnderBase, own=("lab",), base=lambda: "/a/path/")
    page = Route("/a/path/page", lambda request: PlainTextResponse("hello", media_type="text/html"))
    routes = [*files.routes(), page]
    return TestClient(Starlette(routes=routes, middleware=[own, Middleware(Preloads, links=files.preloads)]))


def test_the_figures_script_is_kept_for_good_where_its_content_says(hub: TestClient, tmp_path) -> None:
    for packing in ("gzip", "identity"):
        for base in ("/", "/a/path/"):
            reply = hub.get(base + files.PLOTLY.address, headers={"Accept-Encoding": packing})
            assert reply.content == files.PLOTLY.path.read_bytes()
            assert reply.headers.get("Content-Encoding", "identity") == packing
            assert "immutable" in reply.headers["Cache-Control"]
    assert hub.get("/a/pathlab/x").status_code == hub.get("/a/path/other").status_code == 404
    changed = tmp_path / files.PLOTLY.path.name
    changed.write_bytes(files.PLOTLY.path.read_bytes() + b" ")
    assert files.Asset(changed).address != files.PLOTLY.address


def test_a_page_says_what_it_will_need_and_all_of_it_is_there(hub: TestClient) -> None:
    page = hub.get("/a/path/page", headers={"Accept": "text/html"})
    links = re.findall(r"<\./([^>]+)>", page.headers["Link"])
    assert len(links) == 3
    assert f"<./{files.PLOTLY.address}>; rel=modulepreload" in page.headers["Link"]
    assert f"<./{files.PLOTLY.address}>; rel=prefetch" in files.preloads("/a/path/")  # the front page
    for link in links:
        reply = hub.get(f"/a/path/{link}")
        assert reply.status_code == 200 and "Link" not in reply.headers
        assert "immutable" in reply.headers["Cache-Control"]
    assert "Link" not in hub.get("/a/path/page", headers={"Accept": "image/png"}).headers
