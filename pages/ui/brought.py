"""What learners bring themselves: points, tables, drawings, pictures and files, each with the controls that take it.

What takes it is imported where it is asked for: it needs data sets and projects, which the front page can do without.
"""

from collections.abc import Callable, Mapping, Sequence

from pages.ui.controls import Controls


class Brought(Controls):
    """The left side of a lesson with everything that a learner can bring to it."""

    def points(self, classes: int = 2) -> tuple[tuple[float, float, int], ...]:
        """The learner's own points, rows of (x, y, class), kept in the link: set by a click in a picture shown with
        ``clicked=page.add_point``, by coordinates or as text, at most 200."""
        from pages.ui import points

        return points.editor(self, classes)

    def add_point(self, click: dict) -> None:
        """Set a point where the learner clicked, in the chosen colour."""
        from pages.ui import points

        if not click.get("panel"):
            points.add(self, click["x"], click["y"])

    def own_table(self):
        """A table (core.data.tables.Table) that the learner uploads, and its columns; None until there is one."""
        from pages.ui import tables

        return tables.editor(self)

    def drawing(self, examples: Mapping[str, str], first: str, read: Callable, read_file: Callable, *words):
        """A drawing pad beside the stage; what ``read`` makes of the picture on it, its ``sentence`` below the pad.

        The picture is one of ``examples`` (data URLs by name, ``first`` at the start) until the learner draws, then
        whatever the browser sent: a data URL, "" for a bare canvas, or a stranger's. A file in the pad's place, bytes
        of any kind, goes to ``read_file``. ``words``: a hint to the examples and the label of the upload."""
        from pages.ui import pad

        return pad.drawing(self, examples, first, read, read_file, *words)

    def picture(self, shipped: Sequence[str], show: Callable, read: Callable, read_file: Callable, sheet: str):
        """A picture by its name among ``shipped``, which ``show`` gives; or what ``read`` makes of the drawing on a pad
        that begins with a ``sheet`` (data URLs), or ``read_file`` of a file (bytes, none for no file yet). What the
        three return has a ``sentence``, shown where it is not empty."""
        from pages.ui import pad

        return pad.picture(self, shipped, show, read, read_file, sheet)

    def album(self, shipped: Mapping[str, Callable]):
        """Pictures by class (core.projects.classifier.gallery.Album): ``shipped`` ones by name, or the learner's own,
        brought by file, folder, zip or camera."""
        from pages.ui import album

        return album.editor(self, shipped)

    def tried(self, shipped: Mapping[str, Callable], sheet: str):
        """A picture to classify: one of ``shipped``, or the learner's drawing, file or camera picture."""
        from pages.ui import album

        return album.tried(self, shipped, sheet)

    def file(self, label: str, types: Sequence[str], help: str, most: int = 5) -> bytes:
        """The bytes of a file that the learner brings, of any kind whatever its name says, of at most so many
        megabytes; none while there is none."""
        from pages.ui import pad

        return pad.sent_file(self, label, types, help, most)
