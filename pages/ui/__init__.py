"""The lesson kit: layout only, the one place where session state may be touched."""

from pages.ui.kept import cached
from pages.ui.page import Page, lesson

__all__ = ["Page", "cached", "lesson"]
