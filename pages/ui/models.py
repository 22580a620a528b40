"""A model by name on the stage: what it weighs and under which terms first, then a button that fetches it."""

from typing import TYPE_CHECKING, Any

from core.models.hub import UnknownModelError
from pages.ui.wording import literal

if TYPE_CHECKING:
    from core.models.hub import Offer


def offered(page, name: str, kind: Any, how: str = "") -> "Offer | None":
    """The offer of a model that is on this machine, else None: then its size and licence are said, asked of the Hub
    only on a button of its own, and another button fetches it. ``kind`` is the module that knows such models
    (``offer``, ``looked_up``, ``prepared``); ``how`` is said while there is no name."""
    if not name:
        page.note(how)
        return None
    try:
        known = kind.offer(name)
    except UnknownModelError as refusal:
        page.note(literal(str(refusal)))
        return None
    if not known.folder and not known.megabytes:
        known = page.job("Ask huggingface.co for its size and licence", kind.looked_up, known.name) or known
    page.note(literal(known.sentence))
    if not known.folder and known.megabytes:
        page.job(f"Download {known.name}", kind.prepared, known.name, True)
    return known if known.folder else None
