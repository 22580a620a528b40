"""What the page on compiling shows: views of programs and clocks, and views of the learner's network."""

from core.topics.torchscript_tensorrt.breaks_view import BREAKS
from core.topics.torchscript_tensorrt.compile_view import COMPILE, PAYS
from core.topics.torchscript_tensorrt.elsewhere_view import ELSEWHERE
from core.topics.torchscript_tensorrt.export_view import EXPORT
from core.topics.torchscript_tensorrt.trace_view import TRACE

FIRST = {"Trace or script": TRACE}
OF_NETWORKS = {"Export": EXPORT}
CLOCKS = {"Compile": COMPILE, "Graph breaks": BREAKS, "When does it pay": PAYS}
LAST = {"Other machines": ELSEWHERE}

__all__ = ["CLOCKS", "FIRST", "LAST", "OF_NETWORKS"]
