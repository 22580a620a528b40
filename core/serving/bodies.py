"""What other programs send: the body of a request, unpacked, within limits, or one sentence why not."""

import asyncio
import zlib
from collections.abc import AsyncGenerator, Callable, Mapping
from concurrent.futures import Executor
from typing import Any

from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

FRAME = 10_000  # bytes that multipart may put around a file
PACKINGS = {"gzip", "x-gzip"}


class Refusal(Exception):
    """A request that is not carried out: a status and one sentence for whoever sent it."""

    def __init__(self, status: int, sentence: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.status, self.headers = status, headers

    @property
    def response(self) -> JSONResponse:
        """The refusal as ``{"error": sentence}``."""
        return JSONResponse({"error": str(self)}, self.status, self.headers)


def answering(address: str, most: int, workers: Executor, answer: Callable, with_query: bool = False) -> Route:
    """A route for posts: ``answer(body, content type)``, and the query with ``with_query``, returns a status and what
    is said in JSON, on one of the ``workers``; bodies of more than ``most`` bytes are refused as they come."""

    async def answered(request: Request) -> Response:
        try:
            body, kind = await received(request, most)
        except Refusal as refusal:
            return refusal.response
        except ClientDisconnect:
            return Response(status_code=400)
        query = (dict(request.query_params),) if with_query else ()
        status, reply = await asyncio.get_running_loop().run_in_executor(workers, answer, body, kind, *query)
        return JSONResponse(reply, status)

    return Route(address, answered, methods=["POST"])


def described(address: str, description: Callable[[], dict]) -> Route:
    """A route where a service says in OpenAPI what it takes and answers."""

    async def told(request: Request) -> Response:
        return JSONResponse(description())

    return Route(address, told, methods=["GET"])


async def received(request: Request, most: int) -> tuple[bytes, str]:
    """The content that a request carries, and its content type: gzip unpacked, the one file of a form taken out.

    Raises ``Refusal`` for more than ``most`` bytes, packed or unpacked, and for what is packed in other ways.
    """
    kind = request.headers.get("Content-Type", "")
    form = kind.partition(";")[0].strip().lower() == "multipart/form-data"
    parts = [part async for part in within(unpacked(request), most + FRAME * form)]
    return await file_of(request.headers, parts, most) if form else (b"".join(parts), kind)


async def within(parts: AsyncGenerator[bytes, None], most: int) -> AsyncGenerator[bytes, None]:
    """The same parts; raises ``Refusal`` as soon as there are more than ``most`` bytes."""
    size = 0
    async for part in parts:
        size += len(part)
        if size > most:
            raise too_large(most)
        yield part


def too_large(most: int) -> Refusal:
    """The refusal of a body over the limit; the rest of it is not waited for."""
    return Refusal(413, f"The body is larger than {most / 1e6:.0f} MB.", {"Connection": "close"})


async def unpacked(request: Request) -> AsyncGenerator[bytes, None]:
    """The parts of a body as they come, without their gzip packing; never more than 64 kB at once."""
    packing = request.headers.get("Content-Encoding", "identity").strip().lower()
    if packing == "identity":
        async for part in request.stream():
            yield part
    elif packing in PACKINGS:
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
        async for part in request.stream():
            while part:
                yield inflated(unpacker, part)
                part = unpacker.unconsumed_tail
        if not unpacker.eof:
            raise Refusal(422, "The gzip packing of the body is cut off.")
    else:
        raise Refusal(415, "Send the body as it is or packed with gzip.", {"Accept-Encoding": "gzip, identity"})


def inflated(unpacker: Any, packed: bytes) -> bytes:
    """At most 64 kB of what is packed; raises ``Refusal`` if it is damaged."""
    try:
        return unpacker.decompress(packed, 65_536)
    except zlib.error:
        raise Refusal(422, "The body is not packed with gzip, although it says so.") from None


async def file_of(headers: Headers, parts: list[bytes], most: int) -> tuple[bytes, str]:
    """The one file in a form, and its content type; raises ``Refusal``."""

    async def again() -> AsyncGenerator[bytes, None]:
        for part in parts:
            yield part

    try:
        form = await MultiPartParser(headers, again(), max_files=2, max_fields=20).parse()
    except (MultiPartException, KeyError, ValueError):
        raise Refusal(422, "The form cannot be read: send it as multipart/form-data with one file.") from None
    files = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
    try:
        if len(files) != 1:
            raise Refusal(422, "Send one file in the form.")
        content = await files[0].read(most + 1)
        return content, files[0].content_type or "application/octet-stream"
    finally:
        await form.close()
