"""What the page on efficient convolutional networks shows: four views of blocks and networks, and one of a picture."""

from core.lessons.view import View
from core.topics.efficient_cnns.block_view import BLOCKS
from core.topics.efficient_cnns.depthwise_view import DEPTHWISE_VIEW
from core.topics.efficient_cnns.inside_view import INSIDE
from core.topics.efficient_cnns.pictures import SHIPPED, drawn, shipped, uploaded
from core.topics.efficient_cnns.scaling_view import SCALING
from core.topics.efficient_cnns.trade_view import TRADE

READERS = SHIPPED, shipped, drawn, uploaded
VIEWS: dict[str, View] = {"Blocks": BLOCKS, "Depthwise": DEPTHWISE_VIEW, "Trade": TRADE, "Scaling": SCALING}
__all__ = ["INSIDE", "READERS", "VIEWS"]
