"""Live drives for browsers: a WebSocket per seat, and how many simulators are in use.

``WS /api/driving/live?seat=token`` takes JSON orders and answers with frames (``screen.packed``) and JSON sentences;
closing it frees the simulator. ``GET /api/driving`` counts drives.
"""

import asyncio
import json

from core.projects.driving.live import Live, Order
from core.projects.driving.meanwhile import meanwhile
from core.projects.driving.seat import POOL, SEATS, Seat

LONGEST = 4000  # characters in a message from a browser
FILMS = asyncio.Semaphore(1)


class Screen:
    """One browser's connection to one seat."""

    def __init__(self, seat: Seat, loop: asyncio.AbstractEventLoop) -> None:
        self.seat, self.loop, self.outbox = seat, loop, asyncio.Queue()
        self.said = {"waiting": ""}  # about the line, the last time

    def tell(self, message: bytes | dict) -> None:
        """Send a message; for any thread."""
        self.loop.call_soon_threadsafe(self.outbox.put_nowait, message)

    async def heard(self, text: str) -> None:
        """Carry out a browser's message; what cannot be done is answered with one sentence."""
        try:
            told = read(text)
            if "start" in told:
                self.said = {"waiting": ""}
                await asyncio.to_thread(self.seat.begin, Order.read(told["start"]), self.tell)
            elif "film" in told and self.seat.live and self.seat.live.pictures:
                await self.film(self.seat.live)
            elif "stop" in told:
                self.seat.end()
            elif self.seat.live:
                self.seat.live.heard(told)
        except ValueError as error:
            await self.outbox.put({"error": str(error)})

    async def film(self, live: Live) -> None:
        """Make the video, saying how far it is, and send it."""
        self.tell({"filming": 0})
        async with FILMS:
            film = await asyncio.to_thread(live.film, lambda share: self.tell({"filming": round(share, 2)}))
            await self.outbox.put({"film": len(film)})
            await self.outbox.put(film)

    async def line(self) -> None:
        """Say where in line the visitor stands while they wait, show a recorded lap then, and say if a drive broke
        off."""
        lap = None
        while True:
            await asyncio.sleep(0.2)
            now = {"error": self.seat.trouble} if self.seat.trouble else {"waiting": self.seat.waiting}
            if now != self.said:
                self.said = now
                await self.outbox.put(now)
            if now.get("waiting") and lap is None:
                await self.outbox.put(lap := await asyncio.to_thread(meanwhile))


def read(text: str) -> dict:
    """A browser's message as a dictionary; ``ValueError`` with one sentence for anything else."""
    try:
        told = json.loads(text) if len(text) <= LONGEST else None
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or not isinstance(told.get("start", {}), dict):
        raise ValueError("A message is a short JSON object.")
    return told


def routes() -> list:
    """Starlette routes of the service."""
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Route, WebSocketRoute
    from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketDisconnected

    async def count(request: Request) -> JSONResponse:
        return JSONResponse({"driving": POOL.running, "waiting": len(POOL.line), "places": POOL.places})

    async def live(socket: WebSocket) -> None:
        await socket.accept()
        seat = SEATS.get(socket.query_params.get("seat", ""))
        if seat is None:
            await socket.send_text(json.dumps({"error": "This visit is over: reload the page to drive again."}))
            return await socket.close()
        screen = seat.screen = Screen(seat, asyncio.get_running_loop())
        tasks = [asyncio.create_task(sent(socket, screen.outbox)), asyncio.create_task(screen.line())]
        try:
            async for text in socket.iter_text():
                await screen.heard(text)
        except (WebSocketDisconnect, WebSocketDisconnected, KeyError):  # a KeyError is a message without text
            pass
        finally:
            for task in tasks:
                task.cancel()
            if seat.screen is screen:  # no other tab has taken the seat over
                seat.end()
        return None

    return [Route("/api/driving", count), WebSocketRoute("/api/driving/live", live)]


async def sent(socket, outbox: asyncio.Queue) -> None:
    """Send what is put into the outbox, in order, until the connection is gone."""
    while True:
        message = await outbox.get()
        if isinstance(message, bytes):
            await socket.send_bytes(message)
        else:
            await socket.send_text(json.dumps(message))
