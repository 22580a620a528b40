"""What the kernel is given and gives back besides arrays, as named numbers: numpy's structured records, which numba
reads by name."""

import numpy as np

SETTINGS = np.dtype([
    ("loss", np.int64), ("rule", np.int64), ("batch_size", np.int64), ("samples", np.int64), ("held_out", np.int64),
    ("moments", np.int64), ("patience", np.int64),
    ("start", np.int64), ("seed", np.uint64),  # the epoch that is there already; what dropout is drawn from
    ("momentum", np.float64), ("beta2", np.float64), ("smoothing", np.float64), ("weight_decay", np.float64),
    ("l1", np.float64), ("clip", np.float64), ("dropout", np.float64),
    ("deviation", np.float64), ("held_out_deviation", np.float64),  # of the targets from their means, squared
])  # fmt: skip

STATE = np.dtype([
    ("step", np.int64), ("age", np.int64), ("filled", np.int64), ("ended", np.int64),  # records; no epoch is to follow
    ("learning_rate", np.float64), ("gradient_norm", np.float64), ("best", np.float64), ("best_number", np.int64),
    ("product", np.float64),  # of Nadam's momentum factors so far
])  # fmt: skip

MEASURES = np.dtype([
    ("number", np.int64), ("step", np.int64), ("train_loss", np.float64), ("test_loss", np.float64),
    ("train_score", np.float64), ("test_score", np.float64), ("learning_rate", np.float64),
    ("gradient_norm", np.float64), ("age", np.int64), ("best", np.float64), ("best_number", np.int64),
])  # fmt: skip

NETWORK = np.dtype([(name, np.int64) for name in (
    "cell", "time", "inputs", "units", "sums", "outputs",
    "early",  # steps without an answer
    "width", "row",  # samples, padded, and samples of all steps; see ``recurrent``
    "recurrent_at", "output_at", "count",  # where weights begin, how many there are
    "x_at", "gates_at", "sums_at", "states_at", "memories_at", "squashed_at", "answers_at", "deltas_at", "room_at",
    "gradient_at",
)])  # fmt: skip

GAME = np.dtype([  # what both sides of an adversarial training share
    ("loss", np.int64), ("penalty", np.int64), ("penalty_weight", np.float64), ("batch_size", np.int64),
    ("samples", np.int64), ("latent", np.int64), ("discriminator_steps", np.int64), ("generator_steps", np.int64),
    ("simultaneous", np.int64), ("bounded", np.int64), ("start", np.int64), ("filled", np.int64), ("ended", np.int64),
])  # fmt: skip

ROUND = np.dtype([  # of each pair the generator's comes first
    ("number", np.int64), ("losses", np.float64, 2), ("gradient_norms", np.float64, 2), ("ages", np.int64, 2),
])  # fmt: skip
