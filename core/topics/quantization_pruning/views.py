"""What the page on quantization and pruning shows."""

from core.lessons.view import View
from core.topics.quantization_pruning.bits_views import BITS_VIEW, SENSITIVITY
from core.topics.quantization_pruning.channels_view import CHANNELS_VIEW
from core.topics.quantization_pruning.int8_views import INT8
from core.topics.quantization_pruning.pruning_views import WEIGHTS_VIEW
from core.topics.quantization_pruning.tickets_view import TICKETS

VIEWS: dict[str, View] = {
    "Bits": BITS_VIEW,
    "Sensitivity": SENSITIVITY,
    "Int8": INT8,
    "Weights": WEIGHTS_VIEW,
    "Channels": CHANNELS_VIEW,
    "Lottery ticket": TICKETS,
}
