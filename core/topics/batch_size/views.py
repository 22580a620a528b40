"""What the page on batch size shows: a lab per view."""

from core.topics.batch_size.accumulation_view import ACCUMULATION
from core.topics.batch_size.generalisation_view import GENERALISATION
from core.topics.batch_size.noise_view import NOISE
from core.topics.batch_size.rules_view import SCALING
from core.topics.batch_size.steps_view import STEPS

VIEWS = {
    "Noise": NOISE,
    "Steps and seconds": STEPS,
    "Scaling rule": SCALING,
    "Generalisation": GENERALISATION,
    "In parts": ACCUMULATION,
}
