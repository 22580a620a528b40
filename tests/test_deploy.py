"""Several hubs behind the shipped proxy: a visitor stays on one of them, and a WebSocket passes."""

import re
import shutil
import socket
import threading
import urllib.request
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from benchmarks.proxy import DEPLOY, proxied

ROOT = Path(__file__).resolve().parent.parent
needs_nginx = pytest.mark.skipif(not shutil.which("nginx"), reason="nginx is not installed")


class Hub(BaseHTTPRequestHandler):
    """Answers with its own port, and says whether it was asked to become a WebSocket."""

    def do_GET(self) -> None:
        wish = self.headers["Upgrade"], self.headers["Connection"], self.headers["Host"]
        body = f"{self.server.server_address[1]} {wish}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def proxy() -> Iterator[str]:
    hubs = [ThreadingHTTPServer(("127.0.0.1", 0), Hub) for _ in range(2)]
    for hub in hubs:
        threading.Thread(target=hub.serve_forever, daemon=True).start()
    with proxied([hub.server_address[1] for hub in hubs]) as url:
        yield url
    for hub in hubs:
        hub.shutdown()
        hub.server_close()


def asked(url: str, **headers: str) -> tuple[str, str]:
    """What a hub answers, and the cookie that comes with it."""
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:
        return answer.read().decode(), (answer.headers["Set-Cookie"] or "").partition(";")[0]


@needs_nginx
def test_a_visitor_stays_on_one_hub_and_visitors_are_spread(proxy: str) -> None:
    homes = Counter()
    for _ in range(60):
        cookie = asked(proxy)[1]
        assert re.fullmatch(r"roadmap_lab=[0-9a-f]{32}", cookie)
        answers = [asked(f"{proxy}/page/{number}", Cookie=cookie) for number in range(4)]
        assert len({hub.split()[0] for hub, _ in answers}) == 1, "one visitor, one hub"
        assert {again for _, again in answers} == {""}, "a visitor keeps the cookie"
        homes[answers[0][0].split()[0]] += 1
    assert len(homes) == 2


@needs_nginx
def test_without_cookies_the_address_decides(proxy: str) -> None:
    assert len({asked(proxy)[0].split()[0] for _ in range(10)}) == 1


@needs_nginx
def test_a_websocket_passes_and_the_hub_knows_its_own_name(proxy: str) -> None:
    host = proxy.removeprefix("http://")
    assert asked(proxy, Upgrade="websocket", Connection="Upgrade")[0].endswith(f"('websocket', 'upgrade', '{host}')")
    assert asked(proxy)[0].endswith(f"(None, None, '{host}')"), "other connections stay open"


@needs_nginx
def test_a_hub_that_is_gone_is_replaced_by_the_other() -> None:
    hub = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=hub.serve_forever, daemon=True).start()
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with proxied([hub.server_address[1], nobody.getsockname()[1]]) as url:
            answers = {asked(url, Cookie=f"roadmap_lab={number}")[0].split()[0] for number in range(20)}
    hub.shutdown()
    hub.server_close()
    assert answers == {str(hub.server_address[1])}


def test_every_service_has_its_line_at_the_proxy() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
    hubs = re.findall(r"^\s*server (\S+):7860;", DEPLOY.read_text(encoding="utf-8"), re.M)
    assert {*services} == {*hubs, "proxy"} == {*services["proxy"]["depends_on"], "proxy"}
    assert all(services[hub]["build"] == "." for hub in hubs)
    assert any(volume.startswith("./deploy/nginx.conf:") for volume in services["proxy"]["volumes"])
    assert "--server.port=7860" in (ROOT / "Dockerfile").read_text(encoding="utf-8")
