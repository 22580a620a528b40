"""What the page on saving and loading shows: a lab per view."""

from core.topics.saving_loading.file_views import EXAMPLE, FORMATS, OWN
from core.topics.saving_loading.state_views import RESUME, STRICT, TRANSFER

VIEWS = {"Formats": FORMATS, "Look inside": EXAMPLE, "Names": STRICT, "Resume": RESUME, "Fine-tune": TRANSFER}

__all__ = ["OWN", "VIEWS"]
