"""What was measured when the painter was released, and what its groups are called."""

import functools
import json

from core.projects.art.painter import FOLDER
from core.provenance import Recorded


@functools.lru_cache(maxsize=1)
def measures() -> dict:
    """The release's record (``core.projects.art.release``)."""
    return json.loads((FOLDER / "measures.json").read_text(encoding="utf-8"))


GROUPS: tuple[str, ...] = tuple(measures()["names"])
RECORD = Recorded({"run": measures()["settings"], "step": measures()["step"]}, measures()["date"])
