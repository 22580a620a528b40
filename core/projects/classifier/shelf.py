"""The album that a learner is filling: what a screen's buttons do to it, and what they have to say."""

from collections.abc import Sequence
from dataclasses import replace

from core.projects.classifier import incoming, sketches
from core.projects.classifier.gallery import Album
from core.projects.classifier.incoming import Arrived, File

AT_ONCE = 12  # files that are read while the learner waits; more are read as a job


class Shelf:
    """The album of one open tab. ``told`` are the sentences about the last thing done; ``waiting`` is what has arrived
    and is still to be read, as a job: (function, arguments)."""

    def __init__(self) -> None:
        self.album = Album()
        self.told: tuple[str, ...] = ()
        self.waiting: tuple | None = None

    def receive(self, files: Sequence[File], name: str = "") -> None:
        """Files for a class, or each for the class that its folder names."""
        self.arrive(incoming.received, tuple(files), name, quick=len(files) <= AT_ONCE)

    def receive_zip(self, content: bytes) -> None:
        """A zip with a folder for each class, or a classifier that was taken away."""
        self.arrive(incoming.unzipped, content, quick=False)

    def arrive(self, function, *arguments, quick: bool) -> None:
        """Read now what is quickly read, else let it wait."""
        if quick:
            self.take(incoming.finished(function(*arguments)))
        else:
            self.told, self.waiting = (), (function, arguments)

    def take(self, arrived: Arrived | None) -> None:
        """File what was read; None: the reading was stopped or failed."""
        self.waiting = None
        if arrived is None:
            return
        self.told = arrived.told
        try:
            self.album = arrived.into(self.album)
        except ValueError as limit:
            self.told = (str(limit), *self.told)

    def rename(self, place: int, name: str) -> None:
        """Another name for a class."""
        self.told, self.album = (), self.album.renamed(place, name)

    def remove(self, place: int) -> None:
        """A class and its pictures, gone."""
        self.told, self.album = (), self.album.without(place)

    def clear(self) -> None:
        """Everything gone."""
        self.album, self.told, self.waiting = Album(), (), None

    def drop(self, places: Sequence[int]) -> None:
        """Some pictures, gone."""
        self.told, self.album = (), self.album.without_pictures(places)

    def begin_with_sketches(self) -> None:
        """The shipped sketches with their mistakes, to be mended."""
        self.album, self.told = replace(sketches.flawed(), title=Album.title), ()

    def close(self) -> None:
        """The tab is gone."""
        self.clear()
