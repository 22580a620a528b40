"""What the page on checkpoints shows."""

from core.lessons.view import View
from core.topics.checkpoints.intervals_view import INTERVALS
from core.topics.checkpoints.resuming_view import RESUMING
from core.topics.checkpoints.stopping_view import CHOICES, STOPPING

VIEWS: dict[str, View] = {
    "Stop early": STOPPING, "Kill and go on": RESUMING, "Which weights": CHOICES, "How often": INTERVALS,
}  # fmt: skip
