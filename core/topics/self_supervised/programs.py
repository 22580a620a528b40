"""The programs of this page: the shipped networks read again, and the trainings on digits written out."""

from collections.abc import Callable, Mapping
from functools import lru_cache

from core.data.digits import mixed_digits, shipped
from core.data.held_out import FOLDER as PICTURES
from core.programs import Program, Step
from core.topics.self_supervised.augmentations import view_of
from core.topics.self_supervised.learning import (
    BYOL,
    MOCO,
    OTHERS,
    PREDICTOR,
    QUEUE,
    SIMCLR,
    STOP,
    Plan,
    follow,
    slow_copy,
)
from core.topics.self_supervised.losses import against_queue, nt_xent, unlike
from core.topics.self_supervised.networks import convolutional, dense, head
from core.topics.self_supervised.records import FILES, FOLDER

LOADED = """encoder, projector = convolutional((1, 16, 32, 32)).eval(), head(64, True).eval()
for name, part in (("encoder", encoder), ("projector", projector)):
    part.load_state_dict({{key.removeprefix(name + "."): value.to(torch.float32) if value.is_floating_point() else value
                          for key, value in load_file("{file}").items() if key.startswith(name + ".")}})"""
SHEET = """sheet = torch.from_numpy(np.asarray(Image.open("fashion.png").convert("L"), dtype=np.float32) / 255)
rows = sheet.unflatten(0, (10, 28)).unflatten(2, (30, 28))  # a row of 30 pictures for each class
x, y = rows.permute(0, 2, 1, 3).reshape(-1, 1, 28, 28), torch.arange(10).repeat_interleave(30)"""


@lru_cache(maxsize=len(FILES))
def file_of(name: str) -> bytes:
    """A shipped network's weights."""
    return (FOLDER / f"{FILES[name]}.safetensors").read_bytes()


def on_the_sheet(
    title: str, name: str, last: str, shown: Mapping[str, object], functions: tuple[Callable, ...] = (), **files: bytes
) -> Program:
    """A shipped network, as ``encoder`` and ``projector``, and the shipped pictures ``x`` of classes ``y``; ``last``
    names the numbers. ``files`` (PNG) lie beside it too."""
    steps = (
        Step("The trained weights", LOADED.format(file=f"{FILES[name]}.safetensors")),
        Step("Held-out pictures", SHEET),
        Step("What is seen", last),
    )
    beside = {f"{FILES[name]}.safetensors": file_of(name), "fashion.png": (PICTURES / "fashion.png").read_bytes()}
    beside |= {f"{each}.png": content for each, content in files.items()}
    return Program(title, steps, (convolutional, head, *functions), shown, files=beside)


START = """x, y = mixed_digits({seed})
askew = torch.Generator().manual_seed({seed})
x = view_of(x[:{pictures}], ("crop", "rotation"), askew)  # digits as nobody straightened them, once and for all
encoder = dense((64, 128, 64), {norm})
projector, predictor = head(64, {norm}), head(32, {norm})
model, chance = nn.ModuleList([encoder, projector, predictor]), torch.Generator().manual_seed({seed})
for layer in model.modules():
    if isinstance(layer, nn.Linear):
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=chance)
        bound = layer.weight[0].numel() ** -0.5
        nn.init.uniform_(layer.bias, -bound, bound, generator=chance)"""
SLOW, BEHIND = "\nslow = slow_copy(model)", "\n    follow(slow, model, {momentum!r})"
TRAIN = """chance, losses = torch.Generator().manual_seed({seed}), []
queue = torch.randn({queue}, 32, generator=chance)
optimizer = torch.optim.AdamW(model.parameters(), {rate}, weight_decay=0.0001)
for step in range({few}):  # the page takes {steps}
    chosen = torch.randint(len(x), ({batch},), generator=chance)
    first, second = (view_of(x[chosen], {kinds!r}, chance) for _ in range(2))
{loss}
    optimizer.zero_grad()
    loss.backward()
    optimizer.step(){behind}
    losses.append(loss.item())
result = {{"losses": losses}}"""
QUERY = """    query, key = projector(encoder(first)), slow[1](slow[0](second))"""
KEYS = """    queue = torch.cat([key, queue])[: len(queue)]"""
BOTH = """    both = torch.cat([first, second])"""


def loss_lines(plan: Plan) -> str:
    """The statements that make the loss of one step."""
    embedded = "projector(encoder(both))"
    target = embedded if plan.missing == STOP else "slow[1](slow[0](both))"
    guess = embedded if plan.missing == PREDICTOR else f"predictor({embedded})"
    lines = {
        SIMCLR: [BOTH, f"    loss = nt_xent(*{embedded}.chunk(2), {plan.temperature!r})"],
        OTHERS: [BOTH, f"    loss = unlike(*{embedded}.chunk(2))"],
        MOCO: [QUERY, f"    loss = against_queue(query, key, queue, {plan.temperature!r})", KEYS],
        QUEUE: [QUERY, "    loss = unlike(query, key)"],
        BYOL: [BOTH, f"    loss = unlike({guess}, {target}.roll(len(first), 0))"],
    }
    return "\n".join(lines[plan.missing if plan.missing in (OTHERS, QUEUE) else plan.method])


def on_digits(plan: Plan, pictures: int, losses: list[float]) -> Program:
    """The first steps of a training on digits; ``losses`` are those on the page."""
    used = {SIMCLR: nt_xent, MOCO: against_queue, BYOL: unlike, OTHERS: unlike, QUEUE: unlike}
    function = used[plan.missing if plan.missing in (OTHERS, QUEUE) else plan.method]
    settings = vars(plan) | {"norm": plan.batch_norm, "pictures": pictures, "few": len(losses)}
    follows = plan.method != SIMCLR
    behind = BEHIND.format(**settings) if follows else ""
    steps = (
        Step("Digits and a network", START.format(**settings) + SLOW * follows),
        Step("Learning without labels", TRAIN.format(**settings, loss=loss_lines(plan), behind=behind)),
    )
    functions = (shipped, mixed_digits, dense, head, view_of, *([slow_copy, follow] if follows else []), function)
    return Program(f"The first steps of {plan.method} on digits", steps, functions, {"losses": losses}, 1e-3)
