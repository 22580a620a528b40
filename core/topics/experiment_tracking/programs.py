"""The programs of the page on experiment tracking, in the words of torch, TensorBoard and the standard library."""

from core.programs import Program, Step
from core.provenance import name_of
from core.topics.experiment_tracking.sweep import HELD_OUT, SAMPLES, Sweep

SWEEP = """def trained(rate: float, units: int, optimizer: str, seed: int) -> list[float]:
    x, y = {data}(samples={samples}, noise={noise!r}, seed=seed)
    x, y, x_test, y_test = x[:{half}], y[:{half}], x[{half}:], y[{half}:]
    model = nn.Sequential(nn.Linear(2, units), nn.Tanh(), nn.Linear(units, units), nn.Tanh(), nn.Linear(units, 2))
    torch.manual_seed(seed)
    for layer in model[::2]:
        nn.init.xavier_uniform_(layer.weight)
        nn.init.uniform_(layer.bias, -(layer.in_features**-0.5), layer.in_features**-0.5)
    rule = {{
        "SGD": lambda weights: torch.optim.SGD(weights, lr=rate),
        "Momentum": lambda weights: torch.optim.SGD(weights, lr=rate, momentum=0.9),
        "Adam": lambda weights: torch.optim.Adam(weights, lr=rate),
    }}[optimizer](model.parameters())
    curve = []
    for epoch in range({epochs} + 1):
        if epoch:
            torch.manual_seed(10_000 * seed + epoch)  # every epoch has an order of its own
            for batch in torch.randperm(len(x)).split({batch}):
                rule.zero_grad()
                functional.cross_entropy(model(x[batch]), y[batch]).backward()
                rule.step()
        with torch.no_grad():
            curve.append(functional.cross_entropy(model(x_test), y_test).item())
    return curve

"""
TABLE = """import itertools

records = []
for rate, units, optimizer, seed in itertools.product({rates!r}, {units!r}, {optimizers!r}, {seeds!r}):
    curve = trained(rate, units, optimizer, seed)
    records.append({{"rate": rate, "units": units, "optimizer": optimizer, "seed": seed, "loss": curve[-1]}})
with open("runs.json", "w") as file:
    json.dump(records, file, indent=1)
for record in sorted(records, key=lambda record: record["loss"])[:10]:
    print(record)
result = {{"runs": len(records), "first": records[0]["loss"], "last": records[-1]["loss"]}}"""
EVENTS = """from torch.utils.tensorboard import SummaryWriter
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

settings = {settings!r}
curve = trained(**settings)
with SummaryWriter("logs/run") as writer:
    for epoch, loss in enumerate(curve):
        writer.add_scalar("Held-out loss", loss, epoch)
    writer.add_hparams(settings, {{"Held-out loss at the end": curve[-1]}}, run_name=".")

log = EventAccumulator("logs/run", size_guidance={{"scalars": 0}})  # 0: keep all points
log.Reload()
read = [event.value for event in log.Scalars("Held-out loss")]
same = read == [np.float32(loss).item() for loss in curve]
print("tensorboard --logdir logs --host 127.0.0.1")
result = {{"points": len(read), "same as float32": int(same), "loss": read[-1]}}"""
SELECTION = """scores, fresh = {scores!r}, {fresh!r}
result = {{
    "best of all, as chosen": expected_best(scores, scores, len(scores)),
    "best of all, on fresh samples": expected_best(scores, fresh, len(scores)),
    "best of four, as chosen": expected_best(scores, scores, 4),
    "best of four, on fresh samples": expected_best(scores, fresh, 4),
}}"""


def training_step(found: Sweep) -> tuple[Step, tuple]:
    """The function that trains one run of a sweep, and what it calls."""
    run = found.runs[0]
    made = run.data.made
    text = SWEEP.format(
        data=name_of(made.generator), samples=SAMPLES, half=len(run.data.x), noise=made.settings["noise"],
        epochs=run.recipe.epochs, batch=run.recipe.batch_size,
    )  # fmt: skip
    return Step("One run", text), (*made.needs, made.generator)


def program_of_sweep(found: Sweep) -> Program:
    """The whole sweep with its table."""
    step, functions = training_step(found)
    recipes = [run.recipe for run in found.runs]
    table = TABLE.format(
        rates=list(dict.fromkeys(each.learning_rate for each in recipes)),
        units=list(dict.fromkeys(run.model.widths[1] for run in found.runs)),
        optimizers=list(dict.fromkeys(each.optimizer for each in recipes)),
        seeds=list(dict.fromkeys(each.seed for each in recipes)),
    )
    losses = [each.results[HELD_OUT] for each in found.entries]
    shown = {"runs": len(losses), "first": losses[0], "last": losses[-1]}
    return Program("A sweep and its table", (step, Step("All runs", table)), functions, shown, tolerance=1e-3)


def program_of_events(found: Sweep) -> Program:
    """One run of the sweep, written as TensorBoard event files and read back."""
    step, functions = training_step(found)
    run = found.runs[0]
    settings = {"rate": run.recipe.learning_rate, "units": run.model.widths[1], "optimizer": run.recipe.optimizer,
                "seed": run.recipe.seed}  # fmt: skip
    shown = {"points": run.recipe.epochs + 1, "same as float32": 1, "loss": found.entries[0].results[HELD_OUT]}
    steps = (step, Step("Event files", EVENTS.format(settings=settings)))
    return Program("A run as TensorBoard event files", steps, functions, shown, tolerance=1e-3)
