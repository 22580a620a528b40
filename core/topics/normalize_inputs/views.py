"""What the page on normalising inputs shows: a lab per view."""

from core.topics.normalize_inputs.bowl_view import BOWL
from core.topics.normalize_inputs.inside_view import INSIDE
from core.topics.normalize_inputs.new_data_view import NEW
from core.topics.normalize_inputs.race_views import BEST, RACE, raced

VIEWS = {"Race": RACE, "Best rate": BEST, "Bowl": BOWL, "Inside": INSIDE, "New data": NEW}

__all__ = ["VIEWS", "raced"]
