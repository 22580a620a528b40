"""What the page on convolution shows: four views of a picture, and one of sizes alone."""

from core.topics.convolution.border_view import BORDER
from core.topics.convolution.learning_view import LEARNING
from core.topics.convolution.pooling_view import POOLING
from core.topics.convolution.response_view import RESPONSE
from core.topics.convolution.size_view import SIZES

ON_A_PICTURE = {"Kernel": RESPONSE, "Learn a kernel": LEARNING, "Pooling": POOLING, "Padding": BORDER}
__all__ = ["ON_A_PICTURE", "SIZES"]
