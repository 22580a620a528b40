"""Roadmap Lab: `streamlit run Home.py`, or any ASGI server: `uvicorn Home:app`."""

import gc
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route, Router, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

ROOT = Path(__file__).resolve().parent
PLOTLY = Path(find_spec("plotly").origin).parent / "package_data" / "plotly.min.js"
warmed = threading.Event()


def warm() -> None:
    """Import torch and take a first optimizer step while the front page is already being read.

    Collecting garbage after every script run would otherwise walk all of torch's objects: freeze them.
    """
    import torch

    torch.set_num_threads(1)
    from core.data import moons
    from core.models import MLP
    from core.training import Recipe, train
    from core.training import warm as warm_compiled

    train(MLP(2, 4, 2), moons(samples=20), Recipe(epochs=1))
    warm_compiled(wait=False)  # until it is ready, torch serves
    for slow in ("scipy.integrate", "scipy.optimize", "scipy.special"):
        import_module(slow)
    gc.collect()
    gc.freeze()
    warmed.set()


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    threading.Thread(target=warm, name="warm-up", daemon=True).start()
    yield


async def health(_: Request) -> JSONResponse:
    """200 once pages can answer at full speed, 503 while torch is still being imported."""
    return JSONResponse({"status": "ok" if warmed.is_set() else "warming"}, 200 if warmed.is_set() else 503)


async def plotly(_: Request) -> Response:
    """The script that draws the figures, from the installed plotly package: no request leaves the machine."""
    return FileResponse(PLOTLY, media_type="text/javascript", headers={"Cache-Control": "public, max-age=86400"})


class Programs:
    """What other programs may call: a project's service, imported when the first call comes, off the event loop."""

    def __init__(self, project: str) -> None:
        self.service = f"core.projects.{project}.service"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        service = await run_in_threadpool(import_module, self.service)
        await Router(service.routes())(scope, receive, send)


app = st.App(
    ROOT / "pages" / "hub.py",
    lifespan=lifespan,
    routes=[
        Route("/healthz", health),
        Route("/api/driving", Programs("driving")),
        WebSocketRoute("/api/driving/live", Programs("driving")),
        Route("/api/{call:path}", Programs("mnist")),
        Route("/lab/plotly.min.js", plotly),
        Mount("/lab/fonts", StaticFiles(directory=ROOT / "assets" / "fonts", check_dir=False)),
    ],
)
