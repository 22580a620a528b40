"""The views of the page on tensors, autograd and modules."""

from core.topics.tensors_autograd_modules.broadcasting_view import BROADCASTING
from core.topics.tensors_autograd_modules.einsum_view import EINSUM
from core.topics.tensors_autograd_modules.graph_view import GRAPH
from core.topics.tensors_autograd_modules.memory_view import MEMORY
from core.topics.tensors_autograd_modules.module_view import MODULE

VIEWS = {"Broadcasting": BROADCASTING, "Memory": MEMORY, "Einsum": EINSUM, "Graph": GRAPH, "Module": MODULE}
