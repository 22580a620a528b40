"""What the page on data loaders shows."""

from core.lessons.view import View
from core.topics.dataloaders.order_view import ORDER
from core.topics.dataloaders.rare_view import RARE
from core.topics.dataloaders.timeline_view import TIMELINE
from core.topics.dataloaders.traps_view import TRAP

VIEWS: dict[str, View] = {"Timeline": TIMELINE, "Order": ORDER, "Rare class": RARE, "Traps": TRAP}
