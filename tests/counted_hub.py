"""The hub, counting how often its watcher walks all modules on the event loop: ``/walks`` says."""

from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from streamlit.watcher import LocalSourcesWatcher

from Home import app as hub

walk, walks = LocalSourcesWatcher.update_watched_modules, []


def counted(watcher: LocalSourcesWatcher) -> None:
    walks.append(watcher)
    walk(watcher)


LocalSourcesWatcher.update_watched_modules = counted


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """The hub's application, and the number of walks."""
    ours = scope["type"] == "http" and scope["path"] == "/walks"
    await (PlainTextResponse(str(len(walks))) if ours else hub)(scope, receive, send)
