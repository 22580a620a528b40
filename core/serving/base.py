"""The hub behind a proxy: all addresses of its own follow Streamlit's base path."""

from collections.abc import Callable, Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class UnderBase:
    """Serves routes that know no base path under it as well: ``/base/api/mnist`` is ``/api/mnist``.

    ``own`` are the first words of those routes; ``base`` tells the base path, which is settled only after the
    application has been made. Everything else passes: Streamlit's own routes carry the base path themselves.
    """

    def __init__(self, app: ASGIApp, own: Sequence[str], base: Callable[[], str]) -> None:
        self.app, self.own, self.base = app, own, base

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and (base := self.base().strip("/")):
            root = f"{scope.get('root_path', '')}/{base}"
            word = scope["path"].removeprefix(f"{root}/").partition("/")[0]
            if scope["path"].startswith(f"{root}/") and word in self.own:
                scope = {**scope, "root_path": root}
        await self.app(scope, receive, send)


class Preloads:
    """Tells a browser that opens a page what it will need, in a ``Link`` header whose addresses follow the page's.

    ``links`` is given the page's path.
    """

    def __init__(self, app: ASGIApp, links: Callable[[str], str]) -> None:
        self.app, self.links = app, links

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        opens = scope["type"] == "http" and "text/html" in Headers(scope=scope).get("Accept", "")

        async def linked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if message["status"] == 304 or headers.get("Content-Type", "").startswith("text/html"):
                    headers["Link"] = self.links(scope["path"])
            await send(message)

        await self.app(scope, receive, linked if opens else send)
