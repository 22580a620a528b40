"""The program of the page on Jacobians: one put together row by row or column by column, beside its closed form."""

from core.programs import Program, Step
from core.topics.matrix_calculus.numbers import EPSILON, Measured

NORMAL = "torch.randn({shape}, generator=torch.Generator().manual_seed({seed}), dtype=torch.float64)"
POINTS = {"W": (("outputs", "inputs"), 1), "b": (("outputs",), 2), "x": (("inputs",), 3)}  # shapes and streams
FORMS = {  # the function of v, the point it is taken at, its Jacobian in closed form
    "softmax": ("v.softmax(dim=0)", "x", ("p = x.softmax(dim=0)", "closed = torch.diag(p) - p.outer(p)")),
    "softmax + cross-entropy": (
        "functional.cross_entropy(v[None], torch.tensor([0]))[None]",
        "x",
        ("truth = torch.eye(len(x), dtype=x.dtype)[0]", "closed = (x.softmax(dim=0) - truth)[None]"),
    ),
    "LayerNorm": (
        f"functional.layer_norm(v, v.shape, eps={EPSILON!r})",
        "x",
        (
            f"deviation = (x.var(correction=0) + {EPSILON!r}).sqrt()",
            "y = (x - x.mean()) / deviation",
            "closed = (torch.eye(len(x)) - 1 / len(x) - y.outer(y) / len(x)) / deviation",
        ),
    ),
    "ReLU": ("torch.relu(v)", "x", ("closed = torch.diag((x > 0).double())",)),
    "Wx + b, by x": ("W @ v + b", "x", ("closed = W",)),
    "Wx + b, by W": (
        "v.view_as(W) @ x + b",
        "W.flatten()",
        ("closed = torch.kron(torch.eye(len(b), dtype=x.dtype), x[None])",),
    ),
}


def program_of(found: Measured, inputs: int, outputs: int, seed: int) -> Program:
    """The Jacobian of the chosen function at the seed's point, and its closed form."""
    function, at, closed = FORMS[found.name]
    sizes = {"inputs": inputs, "outputs": outputs}
    points = [
        f"{name} = {NORMAL.format(shape=tuple(sizes[size] for size in shape), seed=1000 * seed + stream)}"
        for name, (shape, stream) in POINTS.items()
        if name == "x" or found.name.startswith("Wx")
    ]
    product, count, side = ("vjp", "len(function(point))", 0) if found.backward else ("jvp", "len(point)", 1)
    measured = [
        "def function(v: Tensor) -> Tensor:",
        f"    return {function}",
        "",
        "",
        f"point = {at}",
        f"units = torch.eye({count}, dtype=point.dtype)",
        f"products = [torch.autograd.functional.{product}(function, point, unit)[1] for unit in units]",
        f"jacobian = torch.stack(products, dim={side})",
    ]
    comparison = [*closed, "difference = (jacobian - closed).abs().max().item()"]
    result = 'result = {"Jacobian": jacobian.tolist(), "largest difference from the closed form": difference}'
    steps = (
        Step("The point", "\n".join(points)),
        Step("The Jacobian, measured", "\n".join(measured)),
        Step("Its closed form", "\n".join([*comparison, result])),
    )
    shown = {"Jacobian": found.jacobian.tolist(), "largest difference from the closed form": found.difference}
    return Program("A Jacobian", steps, (), shown, tolerance=1e-9)
