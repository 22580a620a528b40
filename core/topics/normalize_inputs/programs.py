"""The programs of the page on normalising inputs: a bowl's curvatures, what reaches the hidden units."""

from core.programs import Program, Step
from core.programs.data import data_lines
from core.topics.normalize_inputs.bowls import Bowls, bowl
from core.topics.normalize_inputs.inputs import PREPARATIONS, uneven_moons
from core.topics.normalize_inputs.inside import Arriving

CURVATURES = """result = {{}}
for preparation in {preparations!r}:
    inputs = prepared(x, x, preparation)
    values, start = bowl(inputs, y)
    rate = {share!r} * 2 / values[-1]
    gap, first, steps = (values * start**2).sum(), (values * start**2).sum(), 0
    while gap > 1e-3 * first and steps < {most!r}:
        start, steps = start * (1 - rate * values), steps + 1
        gap = (values * start**2).sum()
    result |= {{f"{{preparation}}: condition": (values[-1] / values[0]).item(), f"{{preparation}}: steps": steps}}"""
SUMS = """first = nn.Linear(2, {units})
generator = torch.Generator().manual_seed({seed!r})
nn.init.xavier_uniform_(first.weight, generator=generator)
with torch.no_grad():
    first.bias.uniform_(-(2**-0.5), 2**-0.5, generator=generator)
    sums = first(x)
    normed = {{"none": sums, "batch norm": nn.BatchNorm1d({units})(sums), "layer norm": nn.LayerNorm({units})(sums)}}
flat = math.atanh(0.99**0.5)  # beyond it the slope of tanh is under 0.01
result = {{name: (rows.abs() > flat).double().mean().item() for name, rows in normed.items()}}"""
LIMIT = 2000  # steps that the program counts


def program_of_bowl(found: Bowls) -> Program:
    """Condition numbers, and steps to a thousandth."""
    data = data_lines(found.data)
    text = CURVATURES.format(preparations=PREPARATIONS, share=found.share, most=LIMIT)
    shown = {f"{name}: condition": one.condition for name, one in found.bowls.items()}
    shown |= {f"{name}: steps": min(one.needed, LIMIT) for name, one in found.bowls.items()}
    steps = (Step("Data", "\n".join(data.lines)), Step("Bowls", text))
    return Program("The bowl of a linear model", steps, (*data.functions, bowl), shown)


def program_of_sums(found: Arriving) -> Program:
    """How many answers lie where tanh is flat."""
    data = data_lines(uneven_moons(factor=found.factor, shift=found.shift, seed=found.seed))
    text = SUMS.format(units=next(iter(found.sums.values())).shape[1], seed=found.seed)
    shown = {norm: found.asleep(norm) for norm in found.sums}
    return Program(
        "What reaches the hidden units",
        (Step("Data", "\n".join(data.lines)), Step("Sums", text)),
        data.functions,
        shown,
    )
