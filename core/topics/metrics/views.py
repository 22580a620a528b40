"""What the page on metrics shows: a view per question."""

from core.lessons.view import View
from core.topics.metrics.calibration_view import CALIBRATION_VIEW
from core.topics.metrics.classes_view import CLASSES_VIEW
from core.topics.metrics.curves_view import CURVES_VIEW
from core.topics.metrics.intervals_view import INTERVALS_VIEW
from core.topics.metrics.reports_view import REPORTS_VIEW
from core.topics.metrics.threshold_view import THRESHOLD_VIEW

VIEWS: dict[str, View] = {
    "Threshold": THRESHOLD_VIEW,
    "Curves": CURVES_VIEW,
    "Ten classes": CLASSES_VIEW,
    "Calibration": CALIBRATION_VIEW,
    "Small tests": INTERVALS_VIEW,
    "Which number lied?": REPORTS_VIEW,
}
