"""What the page on receptive fields shows: a view per question; one of them takes a learner's own weights."""

from core.topics.receptive_field.comparison_view import COMPARISON
from core.topics.receptive_field.field_view import FIELD
from core.topics.receptive_field.sharing_view import COSTS, WEIGHTS
from core.topics.receptive_field.training_view import TRAINING

VIEWS = {"Field": FIELD, "3 × 3 or 7 × 7": COMPARISON, "Weights": WEIGHTS, "Cost of sharing": COSTS}
HELP = "A state_dict of the network below, saved with safetensors.torch.save_file; at most 5 MB. Nothing in it is run."
__all__ = ["HELP", "TRAINING", "VIEWS"]
