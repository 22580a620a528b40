"""Files that a browser fetches once: scripts and texts at addresses that hold their hash, and the fonts."""

import gzip
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

ASSETS = Path(__file__).resolve().parents[2] / "assets"
FOR_GOOD = {"Cache-Control": "public, max-age=31536000, immutable"}


@dataclass(frozen=True)
class Asset:
    """A script or a picture whose address changes with its content, so that a browser may keep it for good."""

    path: Path
    kind: str = "text/javascript"

    @cached_property
    def address(self) -> str:
        """Where it is, relative to the hub's first page: ``lab/name.hash.suffix``."""
        digest = hashlib.sha256(self.path.read_bytes()).hexdigest()[:12]
        return f"lab/{self.path.stem}.{digest}{self.path.suffix}"

    @cached_property
    def packed(self) -> bytes:
        """Its content under gzip, packed once: Streamlit's own layer would pack it anew for everybody."""
        return gzip.compress(self.path.read_bytes(), mtime=0)

    def answer(self, request: Request) -> Response:
        """The file; a script is packed for those who can unpack it."""
        headers = FOR_GOOD | {"Vary": "Accept-Encoding"}
        if self.kind.startswith("text/") and "gzip" in request.headers.get("Accept-Encoding", ""):
            return Response(self.packed, headers=headers | {"Content-Encoding": "gzip"}, media_type=self.kind)
        return FileResponse(self.path, headers=headers, media_type=self.kind)


@dataclass(frozen=True)
class Made:
    """A text that is made once, at an address that changes with it."""

    name: str
    make: Callable[[], bytes]
    kind: str

    @cached_property
    def content(self) -> bytes:
        """The text."""
        return self.make()

    @cached_property
    def packed(self) -> bytes:
        """The text under gzip, packed once."""
        return gzip.compress(self.content, mtime=0)

    @cached_property
    def address(self) -> str:
        """Where it is, relative to the hub's first page: ``lab/name.hash.suffix``."""
        name = Path(self.name)
        return f"lab/{name.stem}.{hashlib.sha256(self.content).hexdigest()[:12]}{name.suffix}"

    def answer(self, request: Request) -> Response:
        """The text, packed for those who can unpack it."""
        headers = FOR_GOOD | {"Vary": "Accept-Encoding"}
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            return Response(self.packed, headers=headers | {"Content-Encoding": "gzip"}, media_type=self.kind)
        return Response(self.content, headers=headers, media_type=self.kind)


class Addressed(Protocol):
    """What a browser fetches at an address that changes with the content."""

    @property
    def address(self) -> str: ...

    def answer(self, request: Request, /) -> Response: ...


class Fonts(StaticFiles):
    """A folder of fonts. A font that changes gets another name, as .streamlit/config.toml cannot hold a hash."""

    def file_response(self, *answered, **options) -> Response:
        """The file, to be kept for good."""
        response = super().file_response(*answered, **options)
        response.headers.update(FOR_GOOD)
        return response


PROJECTS = ASSETS / "screenshots" / "projects"  # made by deploy.pictures
PICTURES = {path.stem: Asset(path, "image/webp") for path in sorted(PROJECTS.glob("*.webp"))}  # by slug
PLOTLY = Asset(ASSETS / "plotly" / "plotly-cartesian.min.js")
FONTS = ("ibm-plex-sans-latin-wght-normal.woff2", "literata-latin-wght-normal.woff2")  # those of every first screen


def routes(assets: Iterable[Addressed] = (PLOTLY,)) -> list[BaseRoute]:
    """Starlette routes of the scripts, of what else has an address of its own, and of the fonts."""
    return [
        *(Route(f"/{asset.address}", asset.answer) for asset in assets),
        Mount("/lab/fonts", Fonts(directory=ASSETS / "fonts", check_dir=False)),
    ]


def preloads(path: str) -> str:
    """The ``Link`` header (RFC 8288) that lets a browser fetch what a page needs before it has asked: the fonts, and
    Plotly, which a lesson draws with: on the front page it waits until the browser has nothing else to do."""
    fonts = (f"<./lab/fonts/{name}>; rel=preload; as=font; type=font/woff2; crossorigin" for name in FONTS)
    return ", ".join([*fonts, f"<./{PLOTLY.address}>; rel={'prefetch' if path.endswith('/') else 'modulepreload'}"])
