"""What a diagnosis says."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong. ``epoch`` and ``step`` say when; ``fix`` labels the one change that mends it, given as
    ``changes`` of the recipe and ``model_changes`` of the network's own call (both empty: nothing to press).
    ``severity`` is "serious" where the run failed, "warning" where it could be better; ``unit`` is
    what ``epoch`` counts."""

    name: str
    epoch: int
    step: int
    sentence: str
    fix: str
    changes: dict = field(default_factory=dict)
    model_changes: dict = field(default_factory=dict)
    severity: str = "serious"
    unit: str = "epoch"

    @property
    def when(self) -> str:
        """When it happened, in words."""
        step = f" (step {self.step})" if self.unit == "epoch" else ""
        return f"{self.unit} {self.epoch}{step}"
