"""The programs of the page on GRU and LSTM: a trained counter, taken apart in PyTorch's own words."""

import json

from core.data.sequences import brackets
from core.programs import Program, Step
from core.topics.gru_lstm.numbers import LENGTH, SAMPLES, Counter
from core.topics.gru_lstm.own import named_tensors

FILE = "weights.json"
WEIGHTS = f"""with open("{FILE}", encoding="utf-8") as file:
    weights = {{name: torch.tensor(part) for name, part in json.load(file).items()}}
into, within, output = (
    (weights[f"{{layer}}weight{{end}}"], weights[f"{{layer}}bias{{end}}"])
    for layer, end in (("rnn.", "_ih_l0"), ("rnn.", "_hh_l0"), ("output.", ""))
)"""
STEPS = {
    "GRU": """\
        a, b = (sums.chunk(3, dim=1) for sums in (functional.linear(inputs, *into), functional.linear(h, *within)))
        gates = {"reset": (a[0] + b[0]).sigmoid(), "update": (a[1] + b[1]).sigmoid()} | held
        candidate = (a[2] + gates["reset"] * b[2]).tanh()
        h = c = (1 - gates["update"]) * candidate + gates["update"] * h""",
    "LSTM": """        i, f, g, o = (functional.linear(inputs, *into) + functional.linear(h, *within)).chunk(4, dim=1)
        gates = {"input": i.sigmoid(), "forget": f.sigmoid(), "output": o.sigmoid()} | held
        c = gates["forget"] * c + gates["input"] * g.tanh()
        h = gates["output"] * c.tanh()""",
}
COUNT = """@torch.no_grad()
def count(x: Tensor, held: dict[str, float], silent: int | None = None) -> tuple[Tensor, Tensor, list[dict]]:
    # depths after every step, what the units keep, and the gates, with gates held or a unit silent
    h = c = torch.zeros(len(x), {units})
    hidden, kept, opened = [], [], []
    for inputs in x.unbind(dim=1):
{step}
        if silent is not None:
            h[:, silent] = c[:, silent] = 0
        hidden.append(h)
        kept.append(c)
        opened.append(gates)
    answers = functional.linear(torch.stack(hidden, dim=1), *output)
    return answers.argmax(dim=2), torch.stack(kept, dim=1), opened


depths, kept, opened = count(x, {{}})
result = {{"right": (depths == y).double().mean().item()}}"""
HELD = """depths, _, _ = count(x, {held})
result["right with the gate held"] = (depths == y).double().mean().item()"""
OPENED = """gate = torch.stack([gates["{gate}"] for gates in opened], dim=1)
for symbol, place in (("(", 0), (")", 1), ("another", 2)):
    result[f"open at {{symbol}}"] = gate[x[..., place] == 1].mean().item()"""
SILENT = """unit = {unit}
together = torch.stack([kept[..., unit].flatten(), y.flatten().float()])
depths, _, _ = count(x, {{}}, silent=unit)
result["correlation"] = torch.corrcoef(together)[0, 1].item()
result["right without the unit"] = (depths == y).double().mean().item()"""


def taken_apart(found: Counter, step: Step, shown: dict[str, float]) -> Program:
    """A counter's program: its weights, its cell written out, and what one view asks of it."""
    made = f"x, y = brackets({SAMPLES}, {LENGTH}, {found.seed!r}, {len(found.data.x_test)})"
    data = f"{made}\nx, y = x[{SAMPLES}:], y[{SAMPLES}:]  # those held out"
    cell = COUNT.format(units=found.model.units, step=STEPS[found.model.cell])
    steps = (Step("Sequences", data), Step("The trained weights", WEIGHTS), Step("The cell", f"\n{cell}"), step)
    file = json.dumps({name: part.tolist() for name, part in named_tensors(found.model).items()})
    title = f"{found.model.cell} that counts brackets, taken apart"
    return Program(title, steps, (brackets,), {"right": found.score(), **shown}, files={FILE: file})


def program_of_gates(found: Counter) -> Program:
    """How far the gate that keeps the state is open at each symbol."""
    values = dict(zip(("(", ")", "another"), found.openings[found.keeping].tolist(), strict=True))
    step = Step("Where the gate is open", OPENED.format(gate=found.keeping))
    return taken_apart(found, step, {f"open at {symbol}": value for symbol, value in values.items()})


def program_of_held(found: Counter, gate: str, value: float) -> Program:
    """What is right with one gate held."""
    step = Step("One gate held", HELD.format(held={gate: float(value)}))
    return taken_apart(found, step, {"right with the gate held": found.score({gate: value})})


def program_of_silenced(found: Counter, unit: int) -> Program:
    """How closely a unit follows the depth, and what is right without it."""
    shown = {"correlation": float(found.correlations[unit]), "right without the unit": float(found.silenced[unit])}
    return taken_apart(found, Step("One unit silent", SILENT.format(unit=unit)), shown)
