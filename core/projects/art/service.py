"""Pictures for a map that is dragged on: ``GET /api/art/picture`` paints one place between four corners, as WebP.

``left`` and ``right`` name groups, ``seed`` the corners, ``x`` and ``y`` the place from 0 to 1. One picture is painted
at a time; of those who come at once ``WAITING`` wait, the others are asked to come again.
"""

import functools
import io
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from PIL import Image
from torch import Tensor

from core.projects.art.painter import LARGEST_SEED, painter, plane
from core.projects.art.studio import corners_of

WAITING = 24  # pictures that are asked for and not painted yet
WORKERS = ThreadPoolExecutor(1, "art")
ASKED = threading.BoundedSemaphore(WAITING)


@functools.lru_cache(maxsize=64)
def corners(left: str, right: str, seed: int) -> Tensor:
    """The corners of a map."""
    return corners_of(left, right, seed)


def picture(query: Mapping[str, str]) -> bytes:
    """The picture that a query asks for, as WebP. Raises ``ValueError`` with one sentence for what cannot be."""
    try:
        seed, x, y = int(query.get("seed", "0")), float(query.get("x", "0.5")), float(query.get("y", "0.5"))
    except ValueError:
        raise ValueError("Send seed as a whole number, x and y as numbers from 0 to 1.") from None
    if not 0 <= 4 * seed + 3 <= LARGEST_SEED:
        raise ValueError(f"A map's seed is a whole number from 0 to {LARGEST_SEED // 4:,}.")
    names = painter().names
    found = corners(query.get("left", names[0])[:60], query.get("right", names[0])[:60], seed)
    pixels = painter().painted(plane(found, x, y)[None])[0]
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "WEBP", quality=92, method=0)
    return file.getvalue()


def routes() -> list:
    """Starlette routes of the service."""
    import asyncio

    from starlette.requests import Request
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Route

    async def answered(request: Request) -> Response:
        if not ASKED.acquire(blocking=False):
            return JSONResponse({"error": f"{WAITING} pictures are waiting to be painted: ask again in a second."}, 503)
        try:
            query = dict(request.query_params)
            content = await asyncio.get_running_loop().run_in_executor(WORKERS, picture, query)
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 422)
        finally:
            ASKED.release()
        return Response(content, media_type="image/webp", headers={"Cache-Control": "no-store"})

    return [Route("/api/art/picture", answered)]
