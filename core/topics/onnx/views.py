"""What the page on ONNX shows: views of a network, and views of files."""

from core.topics.onnx.agreement_view import AGREEMENT
from core.topics.onnx.batch_view import BATCHES
from core.topics.onnx.graph_view import GRAPH
from core.topics.onnx.inside_view import EXAMPLE, LIMITS, OWN
from core.topics.onnx.time_view import TIMES_VIEW
from core.topics.onnx.traps_view import TRAPS_VIEW

OF_NETWORKS = {"Graph": GRAPH, "Same answers?": AGREEMENT, "Time": TIMES_VIEW, "Batch": BATCHES}

__all__ = ["EXAMPLE", "LIMITS", "OF_NETWORKS", "OWN", "TRAPS_VIEW"]
