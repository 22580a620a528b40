"""What the page on conversion shows."""

from core.topics.convert.device_view import DEVICES_VIEW
from core.topics.convert.files_view import FILES

VIEWS = {"Files": FILES, "On a device": DEVICES_VIEW}

__all__ = ["VIEWS"]
