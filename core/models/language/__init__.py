"""Language models that can be looked into: SmolLM2-135M-Instruct from its package, and any other by name.

``smollm()`` gives a ``Language``: ``model`` (a transformers causal language model), ``looking`` (the same weights,
with attention weights reachable), ``tokens`` (text to numbers and back) and ``prompt`` (messages to numbers). Nothing
heavy is imported before it is called; ``ready()`` says whether the model is in memory already, ``prepared()`` puts it
there as a job with progress.
"""

from core.models.language.conversion import MissingLanguageError
from core.models.language.language import Language, Look
from core.models.language.smollm import NAME, installed, prepared, ready, smollm
from core.models.language.tokens import Message, Tokens

__all__ = ["NAME", "Language", "Look", "Message", "MissingLanguageError", "Tokens", "installed", "prepared", "ready",
           "smollm"]  # fmt: skip
