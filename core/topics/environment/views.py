"""What the page on the environment shows."""

from core.lessons.view import View
from core.topics.environment.files_view import FILES, OWN
from core.topics.environment.machine_view import MACHINE
from core.topics.environment.packages_view import PACKAGES
from core.topics.environment.threads_view import THREADS

VIEWS: dict[str, View] = {"This machine": MACHINE, "Threads": THREADS, "Packages": PACKAGES, "Files": FILES}

__all__ = ["OWN", "VIEWS"]
