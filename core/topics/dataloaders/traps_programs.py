"""The programs of the traps."""

from core.programs import Program, Step
from core.topics.dataloaders.traps import (
    BATCH,
    CLASSES,
    EACH,
    LAMBDA,
    NUMBERS,
    ORDER,
    WORKERS,
    Sprung,
)

COPIES = """import pickle

from torch.utils.data import Dataset


class Noisy(Dataset):
    \"\"\"Samples with noise from a generator that the dataset itself keeps.\"\"\"

    def __init__(self, seed: int) -> None:
        self.generator = np.random.default_rng(seed)

    def __getitem__(self, place: int) -> float:
        return self.generator.normal()


dataset = Noisy({seed})
numbers = []
for worker in range({workers}):
    copy = pickle.loads(pickle.dumps(dataset))  # what a worker that is started afresh receives
    {mended}numbers.append([copy[place] for place in range({each})])
result = {{"numbers": numbers}}"""
MEND = "copy.generator = np.random.default_rng([{seed}, worker])\n    "
SEND = """import pickle


def doubled(number: int) -> int:
    return 2 * number


def sent(function) -> int:
    \"\"\"1 if a worker can be sent the function, else 0.\"\"\"
    try:
        pickle.dumps(function)
    except (pickle.PicklingError, AttributeError) as error:
        print(error)
        return 0
    return 1


result = {{"sent": sent({function})}}"""
ORDERED = """from torch.utils.data import BatchSampler, RandomSampler, SequentialSampler

labels = np.arange({samples}) * {classes} // {samples}  # sorted by class
sampler = {sampler}  # shuffle={shuffle} makes it
batches = BatchSampler(sampler, {batch}, drop_last=False)
result = {{"classes": [np.bincount(labels[batch], minlength={classes}).tolist() for batch in batches]}}"""
RANDOM = "RandomSampler(labels, generator=torch.Generator().manual_seed({seed}))"
NORM = """from torch.utils.data import DataLoader

x = torch.randn({samples}, 3, generator=torch.Generator().manual_seed({seed}))
layer, sizes, stopped = nn.BatchNorm1d(3), [], 0
for batch in DataLoader(x, batch_size={batch}, drop_last={mended}):
    sizes.append(len(batch))
    try:
        layer(batch)
    except ValueError as error:
        print(error)
        stopped = 1
result = {{"sizes": sizes, "stopped": stopped}}"""


def program_of_trap(found: Sprung) -> Program:
    """The trap, or how it is mended."""
    seed, mended = found.source.seeds[0], found.is_mended
    common = {"samples": found.samples, "seed": seed, "batch": BATCH, "classes": CLASSES}
    if found.trap == NUMBERS and found.numbers is not None:
        mend = MEND.format(seed=seed) if mended else ""
        text = COPIES.format(seed=seed, workers=WORKERS, each=EACH, mended=mend)
        shown: dict[str, object] = {"numbers": found.numbers.tolist()}
    elif found.trap == LAMBDA:
        text = SEND.format(function="doubled" if mended else "lambda number: 2 * number")
        shown = {"sent": int(not found.error)}
    elif found.trap == ORDER and found.numbers is not None:
        sampler = RANDOM.format(seed=seed) if mended else "SequentialSampler(labels)"
        text = ORDERED.format(sampler=sampler, shuffle=mended, **common)
        shown = {"classes": found.numbers.tolist()}
    else:
        text = NORM.format(mended=mended, **common)
        shown = {"sizes": list(found.sizes), "stopped": int(bool(found.error))}
    return Program(f"A trap of loading: {found.trap}", (Step("See what happens", text),), shown=shown)
