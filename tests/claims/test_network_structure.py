"""What the page “Layers, weights, biases” states."""

import torch

from core.data import circle
from core.figures.network import nearest_unit, unit_places
from core.models import MLP
from core.probes.anatomy import Importance, crippled, importance, ledger_rows, silenced, toggled, unit_names
from core.probes.ledger import ledger
from core.training import Recipe, train


def trained(seed, depth=2, units=6):
    model = MLP(2, *[units] * depth, 2, seed=seed)
    return train(model, circle(seed=seed), Recipe(epochs=120, learning_rate=0.02, seed=seed, frames=4))


def test_a_dense_layer_holds_mn_plus_m_numbers_and_costs_2mn(seeds):
    for seed in seeds[:5]:
        widths = [seed % 5 + 2, seed % 7 + 1, seed % 11 + 3, 2]
        model = MLP(*widths, seed=seed)
        dense = [entry for entry in ledger(model, (widths[0],)) if entry.kind == "Linear"]
        for entry, inputs, units in zip(dense, widths[:-1], widths[1:], strict=True):
            assert (entry.weights, entry.biases, entry.flops) == (inputs * units, units, 2 * inputs * units)
            assert entry.shape == (units,)
        assert sum(entry.weights + entry.biases for entry in dense) == sum(p.numel() for p in model.parameters())
        assert ledger_rows(model, (widths[0],))[-1]["Weights"] == f"**{sum(entry.weights for entry in dense):,}**"


def test_a_silenced_unit_is_as_if_its_outgoing_weights_were_zero(seed):
    run = trained(seed)
    model = run.at()
    with torch.no_grad():
        model.hidden[1][0].weight[:, 3] = 0
        assert torch.allclose(model(run.data.x), crippled(run.at(), ((0, 3),))(run.data.x), atol=1e-6)


def test_units_share_the_work_unevenly(seeds):
    found = [importance(trained(seed)) for seed in seeds[:10]]
    uneven = [0 < each.mattering < len(each.falls) for each in found]
    assert sum(uneven) >= 8, uneven


def test_the_challenge_can_be_met_by_switching_off_the_least_useful_units(seeds):
    for seed in seeds:
        run, off = trained(seed, 2, 8), []
        while len(off) < 8:
            left = [(layer, unit) for layer in range(2) for unit in range(8) if (layer, unit) not in off]
            off.append(max(left, key=lambda one: Importance(run, 0, ()).score((*off, one))))
        if Importance(run, 0, ()).score(tuple(off)) >= 0.95:
            return
    raise AssertionError("no seed allows it")


def test_names_and_clicks_lead_to_the_same_units():
    names = unit_names(2, 6)
    assert silenced(["hidden 2 · unit 3", "nonsense"], names, 6) == ((1, 2),)
    assert toggled(toggled([], (1, 2)), (1, 2)) == [] and toggled(["x"], None) == ["x"]
    widths = (2, 6, 6, 2)
    for layer in (0, 1):
        for unit, (x, y) in enumerate(unit_places(widths)[layer + 1]):
            assert nearest_unit(widths, x + 0.1, y - 0.2) == (layer, unit)
    assert nearest_unit(widths, 0.0, 0.0) is None and nearest_unit(widths, 0.5, 0.0) is None
    assert nearest_unit(widths, 1.0, 0.5, panel=1) is None
