"""The programs of the page on checkpoints."""

from core.programs import Program, Step
from core.programs.data import data_lines
from core.topics.checkpoints.resumable import EPOCHS, PARTS, TAKEN, Resumed, Training, data_of, loaded, saved
from core.topics.checkpoints.stopping import Trainings, stop_at

STOPPED = """validation = {losses!r}
stopped, kept = stop_at(validation, patience={patience!r}, least={least!r})
result = {{"stopped": stopped, "kept": kept}}"""
RESUME = """whole = Training(x, y, {epochs}, seed={seed!r})
for epoch in range({checkpoint}):
    whole.epoch()
state = whole.state()
checkpoint = saved({{name: state[name] for name in {names!r}}})
losses = [whole.epoch() for epoch in range({checkpoint}, {epochs})]

again = Training(x, y, {epochs}, seed={seed!r} + 1)  # what is not loaded is another's
again.load(loaded(checkpoint))
others = [again.epoch() for epoch in range({checkpoint}, {epochs})]
pairs = zip(whole.layers.parameters(), again.layers.parameters())
apart = max((a - b).abs().max().item() for a, b in pairs)
result = {{"never stopped": losses[-1], "gone on with": others[-1], "apart": apart}}"""


def program_of_stopping(found: Trainings, patience: int, least_improvement: float) -> Program:
    """Patience over the first seed's validation losses."""
    losses = [round(loss, 6) for loss in found.validation[0].tolist()]
    text = STOPPED.format(losses=losses, patience=patience, least=least_improvement)
    stopped, kept = stop_at(found.validation[0].round(6), patience, least_improvement)
    return Program("Early stopping", (Step("Validation losses", text),), (stop_at,), {"stopped": stopped, "kept": kept})


def program_of_resuming(found: Resumed) -> Program:
    """The training, its checkpoint, and the one that goes on."""
    data = data_lines(data_of(found.seed))
    names = ("weights", *(TAKEN[part] for part in PARTS if part in found.parts))
    text = RESUME.format(epochs=EPOCHS, seed=found.seed, checkpoint=found.checkpoint, names=names)
    steps = (Step("Data", "\n".join(data.lines)), Step("Killed and gone on with", text))
    shown = {"never stopped": found.whole[-1], "gone on with": found.again[-1], "apart": found.apart}
    return Program("Going on from a checkpoint", steps, (*data.functions, Training, saved, loaded), shown)
