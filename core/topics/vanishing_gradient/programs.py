"""The programs of the page on the vanishing gradient, in PyTorch's own words."""

from core.data.sequences import coded, recall
from core.programs import Program, Step
from core.topics.vanishing_gradient.numbers import PROBED, RADII, UNITS, Untrained

CELL = """cell, output = nn.RNNCell(9, {units}), nn.Linear({units}, 4)
torch.manual_seed({seed})
nn.init.xavier_uniform_(cell.weight_ih)
nn.init.normal_(cell.weight_hh, std={units}**-0.5)
nn.init.xavier_uniform_(output.weight)
for bias in (cell.bias_ih, cell.bias_hh, output.bias):
    nn.init.zeros_(bias)
with torch.no_grad():
    cell.weight_hh *= {radius} / torch.linalg.eigvals(cell.weight_hh).abs().max()"""
BACK = """state, states = torch.zeros(len(x), {units}), []
for inputs in x.unbind(dim=1):
    state = cell(inputs, state)
    state.retain_grad()
    states.append(state)
functional.cross_entropy(output(state), y, reduction="sum").backward()
lengths = [state.grad.norm(dim=1).mean().item() for state in states]"""
PLOT = """plt.semilogy(lengths)
plt.xlabel("Step")
plt.ylabel("Length of the gradient by the state")
plt.show()"""
RESULT = """factor = (lengths[0] / lengths[-1]) ** (1 / (len(lengths) - 1))
result = {"last step": lengths[-1], "factor of a step back": factor}"""


def program_of_untrained(found: Untrained, spectral_radius: float) -> Program:
    """The gradient by every state of one untrained plain cell."""
    seed, place = found.source.seeds[0], found.place(spectral_radius)
    gap = found.lengths.shape[2] - 1
    settings = {"units": UNITS, "seed": seed, "radius": repr(RADII[place])}
    data = f"x, y = recall({PROBED}, {gap}, {seed}, 1)\nx, y = x[:{PROBED}], y[:{PROBED}]"
    steps = (
        Step("Letters to recall", data),
        Step("A plain cell with this spectral radius", CELL.format(**settings)),
        Step("Forward, and back through time", BACK.format(**settings)),
        Step("The lengths, drawn", PLOT, only_in_notebooks=True),
        Step("The factor of a step", RESULT),
    )
    lengths = found.lengths[place, 0]
    shown = {"last step": float(lengths[-1]), "factor of a step back": float(found.factors[place, 0])}
    return Program("A gradient on its way back through time", steps, (coded, recall), shown)
