"""An adversarial training kept whole: recorded rounds that can be revisited and forked."""

import time
from dataclasses import dataclass, replace

from core.cancel import Cancel
from core.data.data import Data
from core.models.gan import GAN
from core.provenance import duration
from core.training.adversarial import compiled, loop
from core.training.adversarial.moment import Round
from core.training.adversarial.recipe import GanRecipe
from core.training.compiled.loading import ready, warm

ENGINES = ("auto", "torch", "compiled")


@dataclass(frozen=True)
class GanRun:
    """A recorded adversarial training on ``data.x``. ``model`` is the GAN as it was at the start and is never changed;
    ``parent`` is the run and the round this one was forked from."""

    model: GAN
    data: Data
    recipe: GanRecipe
    history: tuple[Round, ...]
    seconds: float
    engine: str
    parent: "tuple[GanRun, int] | None" = None

    @property
    def last(self) -> Round:
        """The final recorded moment."""
        return self.history[-1]

    @property
    def specification(self) -> str:
        """Everything that determines this run, as text: equal text, equal run."""
        origin = f"{self.parent[0].specification}@{self.parent[1]} " if self.parent else ""
        return f"{origin}{self.model.source} {self.data.source} {self.recipe}"

    @property
    def provenance(self) -> str:
        """Where this run's numbers come from, for the line under a figure."""
        return f"Live run · seed {self.recipe.seed} · {duration(self.seconds)} · {self.engine} engine"

    def recorded(self, number: int | None = None) -> Round:
        """The last moment recorded at or before round ``number`` (the final one by default)."""
        if number is None:
            return self.last
        return [moment for moment in self.history if moment.number <= max(number, self.history[0].number)][-1]

    def at(self, number: int | None = None) -> GAN:
        """The GAN as it was then: a copy in evaluation mode."""
        return loop.at(self.model, self.recorded(number))

    def fork(self, number: int, **changes) -> "GanRun":
        """Go on from a recorded moment with a changed recipe. Without changes the future is the same, to the bit on
        the same engine; a new optimizer starts with an empty memory."""
        start, recipe = self.recorded(number), replace(self.recipe, **changes)
        if recipe.optimizer != self.recipe.optimizer:
            start = replace(start, moments=tuple(moment[:0] for moment in start.moments), ages=(0, 0))
        engine = "torch" if self.engine == "torch" else "auto"
        return replace(train_gan(self.model, self.data, recipe, engine, start=start), parent=(self, start.number))


def engine_of(model: GAN, recipe: GanRecipe, engine: str) -> str:
    """Who trains, "torch" or "compiled". Raises ``ValueError`` for what the compiled trainer cannot do."""
    if engine not in ENGINES:
        raise ValueError(f"There is no engine {engine!r}; choose one of {', '.join(ENGINES)}.")
    if model.spectral_norm and recipe.penalty != "none":
        raise ValueError("Spectral norm and a penalty bound the same slope: choose one of them.")
    if engine == "compiled":
        if not compiled.supported(model, recipe):
            raise ValueError("The compiled trainer takes penalties with activations of straight pieces only.")
        warm()
        return engine
    return "compiled" if engine == "auto" and ready() and compiled.supported(model, recipe) else "torch"


def train_gan(
    model: GAN,
    data: Data,
    recipe: GanRecipe,
    engine: str = "auto",
    cancel: Cancel | None = None,
    start: Round | None = None,
) -> GanRun:
    """Train a copy of ``model`` on ``data.x`` (samples, features) and keep every recorded moment.

    ``engine`` as in ``core.training.train``; ``start`` continues a recorded moment. Raises ``ValueError`` for what
    an engine cannot do.
    """
    began, chosen = time.perf_counter(), engine_of(model, recipe, engine)
    if chosen == "compiled":
        history = tuple(compiled.rounds(model, data.x, recipe, start, cancel))
    else:
        history = tuple(loop.rounds(model, data.x, recipe, start))
    return GanRun(model, data, recipe, history, time.perf_counter() - began, chosen)
