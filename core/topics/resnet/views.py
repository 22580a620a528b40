"""What the page on residual networks shows."""

from core.lessons.view import View
from core.topics.resnet.deletion_view import DELETION_VIEW
from core.topics.resnet.depth_view import DEPTH_VIEW
from core.topics.resnet.digits_view import DIGITS_VIEW
from core.topics.resnet.gradients_view import GRADIENTS_VIEW
from core.topics.resnet.paths_view import PATHS_VIEW
from core.topics.resnet.surface_view import SURFACE_VIEW
from core.topics.resnet.why_view import WHY_VIEW

VIEWS: dict[str, View] = {
    "Depth": DEPTH_VIEW,
    "Train both": DIGITS_VIEW,
    "Gradients": GRADIENTS_VIEW,
    "Delete a block": DELETION_VIEW,
    "Paths": PATHS_VIEW,
    "Loss surface": SURFACE_VIEW,
    "Why": WHY_VIEW,
}
