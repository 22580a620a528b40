"""The views of the page on Keras."""

from core.topics.keras.defaults_view import DEFAULTS_VIEW
from core.topics.keras.fit_view import FIT
from core.topics.keras.ways_view import HAND, THREE
from core.topics.keras.words_view import WORDS_VIEW

VIEWS = {
    "By hand": HAND,
    "Three ways": THREE,
    "Fit and loop": FIT,
    "Defaults": DEFAULTS_VIEW,
    "TensorFlow's words": WORDS_VIEW,
}
