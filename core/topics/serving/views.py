"""What the page on serving shows: a lab per view."""

from core.topics.serving.archive_views import OWN, SAVED, TORCH
from core.topics.serving.batch_view import BATCHES
from core.topics.serving.folder_view import FOLDERS
from core.topics.serving.load_view import LOAD

VIEWS = {"Batches": BATCHES, "Load": LOAD, "Folders": FOLDERS, "TorchServe": TORCH, "SavedModel": SAVED}

__all__ = ["OWN", "VIEWS"]
