"""Reasons of the page “Efficient convolutional networks” fit what was measured, at any of its settings."""

from core.probes import luck
from core.topics.efficient_cnns import block_view, scaling_view, trade_view
from core.topics.efficient_cnns.costs import KINDS, MOBILENET2
from core.topics.efficient_cnns.scaling import scaled
from core.topics.efficient_cnns.trade import BUDGETS, trade


def test_what_is_said_fits_no_change_and_a_lead_that_is_luck():
    assert "+0%" not in scaling_view.draw(scaled(0.0, (1.2, 1.1, 1.15), 64)).note
    assert "What moves the count" in scaling_view.draw(scaled(1.0, (1.2, 1.1, 1.15), 64)).note
    for budget in BUDGETS:
        record = trade(budget, 1, 0)
        because = trade_view.question(trade_view.Spent(record, MOBILENET2, 8, 3, 2), "FLOPs").because
        assert ("inside seed noise" in because) == bool(luck.equals(record.here, record.best))


def test_a_block_s_share_of_flops_is_on_the_scale(seed):
    for kind in KINDS:
        for channels, kernel, expansion, growth, layers in ((16, 3, 1, 32, 4), (64, 7, 6, 16, 3)):
            found = block_view.measure(kind, channels, 7, kernel, expansion, growth, layers, seed)
            scale = block_view.question(found).options
            assert scale.low <= round(100 * found.share) <= scale.high
