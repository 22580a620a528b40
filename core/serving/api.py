"""Everything under ``/api``: services by first word, imported when the first call comes, and JSON for the rest."""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from core import packages

UNKNOWN = "There is nothing at this address: /api/openapi.json describes what there is."
BROKEN = "Something went wrong here; the server's log says what."


class Api:
    """Other programs' way in. ``services`` names the module behind each first word after ``/api/``; its ``routes()``
    answer. ``origins`` are the web sites whose scripts may call it too ("*": all); by default none."""

    def __init__(self, services: Mapping[str, str], origins: Sequence[str] = ()) -> None:
        self.services, self.origins = services, origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        word = scope["path_params"].get("call", "").partition("/")[0]
        app: ASGIApp = await run_in_threadpool(application, self.services.get(word))
        if self.origins and scope["type"] == "http":
            app = CORSMiddleware(app, self.origins, ("GET", "POST"), ("Content-Type", "Content-Encoding"))
        await app(scope, receive, send)

    def routes(self) -> list[BaseRoute]:
        """Starlette routes for all of ``/api``."""
        return [Route("/api", self), Route("/api/{call:path}", self), WebSocketRoute("/api/{call:path}", self)]


@cache
def application(service: str | None) -> Starlette:
    """A service's routes, or none, in an application that says in JSON what it cannot do."""
    packages.imported()
    routes = import_module(service).routes() if service else []
    app = Starlette(routes=routes, exception_handlers={HTTPException: refused, Exception: broken})
    app.router.redirect_slashes = False  # a redirect would leave the path that a proxy serves
    return app


async def refused(request: Request, refusal: Exception) -> JSONResponse:
    """404 and 405 in JSON."""
    assert isinstance(refusal, HTTPException)
    allowed = (refusal.headers or {}).get("Allow", "")
    sentence = f"This address takes {allowed} only." if refusal.status_code == 405 else UNKNOWN
    return JSONResponse({"error": sentence}, refusal.status_code, refusal.headers)


async def broken(request: Request, error: Exception) -> JSONResponse:
    """500 in JSON; the error itself goes to the log."""
    return JSONResponse({"error": BROKEN}, 500)
