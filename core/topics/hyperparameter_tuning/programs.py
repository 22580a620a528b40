"""A search in the words of Optuna and PyTorch."""

from core.programs import Program, Step
from core.programs.data import data_lines
from core.topics.hyperparameter_tuning.study import DECAYS, GRID, RATES, TPE, UNITS, Problem, grid_of

OBJECTIVE = """def objective(trial):
    rate = trial.suggest_float("rate", {rates[0]!r}, {rates[1]!r}, log=True)
    decay = trial.suggest_float("decay", {decays[0]!r}, {decays[1]!r}, log=True)
    units = trial.suggest_int("units", {units[0]!r}, {units[1]!r}, log=True)
    torch.manual_seed({seed!r})
    model = nn.Sequential(
        nn.Linear(2, units), nn.Tanh(), nn.Linear(units, units), nn.Tanh(), nn.Linear(units, {outputs!r})
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=decay)
    for _ in range({epochs!r}):
        for batch in torch.randperm(len(x)).split(10):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x[batch]), y[batch]).backward()
            optimizer.step()
    with torch.no_grad():
        return nn.functional.cross_entropy(model(x_test), y_test).item()
"""
SEARCH = """optuna.logging.set_verbosity(optuna.logging.WARNING)
study = optuna.create_study(sampler=optuna.samplers.{sampler}(seed={seed!r}))
{grid}study.optimize(objective, n_trials={trials!r})
result = {{"settings": study.best_params, "validation loss": study.best_value}}"""
QUEUE = """for settings in {settings!r}:
    study.enqueue_trial(settings)
"""


def program_of_search(problem: Problem, method: str = TPE, trials: int = 10) -> Program:
    """A search on a problem. Its networks begin with other weights than the page's, so it ends with other numbers."""
    data = data_lines(samples := problem.samples())
    ranges = {"rates": RATES, "decays": DECAYS, "units": UNITS}
    train = OBJECTIVE.format(**ranges, seed=problem.seed, outputs=samples.outputs, epochs=problem.epochs)
    settings = grid_of(trials) if method == GRID else []
    queue = QUEUE.format(settings=settings) if settings else ""
    sampler = "TPESampler" if method == TPE else "RandomSampler"
    search = SEARCH.format(sampler=sampler, seed=problem.seed, grid=queue, trials=len(settings) or trials)
    steps = (Step("Data", "\n".join(data.lines)), Step("One trial", train), Step("Search", search))
    return Program("A search for good settings", steps, tuple(dict.fromkeys(data.functions)), files=data.files)
