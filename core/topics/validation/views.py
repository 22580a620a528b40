"""What the page on validation shows."""

from core.lessons.view import View
from core.topics.validation.choosing_view import NESTED, REUSE
from core.topics.validation.folds_view import FOLDS, TIME
from core.topics.validation.leaks_view import LEAKS

VIEWS: dict[str, View] = {
    "Find the leak": LEAKS, "Folds": FOLDS, "In time": TIME, "Nested search": NESTED, "Used-up test set": REUSE,
}  # fmt: skip
