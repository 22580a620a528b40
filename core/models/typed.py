"""A perceptron whose activation function somebody typed."""

from torch import Tensor, nn

from core.formulas.expressions import parse
from core.models.mlp import MLP


class Formula(nn.Module):
    """An activation from a formula in x; raises ``ExpressionError`` if it is none. Values that are not finite stay."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.expression = parse(text)

    def forward(self, x: Tensor) -> Tensor:
        return self.expression(x)


class TypedMLP(MLP):
    """``MLP`` with a typed activation: ``TypedMLP(2, 8, 8, 2, formula="x*sigmoid(1.7*x)")``."""

    def __init__(self, *widths: int, formula: str, seed: int = 0) -> None:
        super().__init__(*widths, activation="linear", seed=seed)
        for layer in self.hidden:
            layer[1] = Formula(formula)
