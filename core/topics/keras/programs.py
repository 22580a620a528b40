"""The programs of the page on Keras."""

from core.data.digits import mixed_digits, shipped
from core.programs import Program, Step
from core.topics.keras.loading import keras_on_torch
from core.topics.keras.networks import (
    KERAS_OWN,
    TORCHS,
    Network,
    batches,
    by_hand,
    carried,
    fresh,
    keras_network,
)
from core.topics.keras.ways import CARRIES, KERAS, RAW, WHOLE, Ways

TRAINING = """x, y = mixed_digits({seed!r}, flat=True)
x, y, x_test = x[:400], y[:400], x[400:600]
model = fresh({units!r}, {seed!r})
optimizer = torch.optim.Adam(model.parameters(), lr=0.01, fused=True)
for epoch in range({epochs!r}):
    for inputs, labels in batches(x, y, {seed!r}, epoch):
        optimizer.zero_grad()
        functional.cross_entropy(model(inputs), labels).backward()
        optimizer.step()
model.eval()
weights = {{name: value.detach().clone() for name, value in model.state_dict().items()}}"""
CHANGES = {
    "the batch's own statistics": """hidden = x_test @ weights["hidden.weight"].T
weights["norm.running_mean"], weights["norm.running_var"] = hidden.mean(dim=0), hidden.var(dim=0, unbiased=False)""",
    "running statistics, epsilon 0.1": 'weights["norm.running_var"] = weights["norm.running_var"] + 0.1 - 1e-5',
    "no batch norm": """ones = torch.ones_like(weights["norm.weight"])
weights |= {"norm.running_mean": 0 * ones, "norm.running_var": ones, "norm.weight": ones, "norm.bias": 0 * ones}""",
}
COMPARE = """with torch.no_grad():
    expected = model(x_test)
    answer = {answer}
same = (answer.argmax(dim=1) == expected.argmax(dim=1)).float().mean().item()
result = {{"largest difference": (answer - expected).abs().max().item(), "same class": same}}"""


def numbers(found: Ways, name: str) -> dict[str, float]:
    """What a comparison prints."""
    return {"largest difference": float(found.apart(name).max()), "same class": found.agreement(name)}


def program_of_hand(found: Ways, held_out_digit: int) -> Program:
    """Raw tensors beside the module."""
    training = TRAINING.format(seed=found.seed, units=found.units, epochs=found.epochs)
    changed = f"{CHANGES[found.changed]}\n" if found.changed != WHOLE else ""
    compare = changed + COMPARE.format(answer="by_hand(x_test, weights)")
    functions = (shipped, mixed_digits, Network, by_hand, fresh, batches)
    steps = (Step("A trained module", training), Step("Raw tensors", compare))
    return Program("One network by hand and as a module", steps, functions, numbers(found, RAW), tolerance=2e-3)


def program_of_three(found: Ways, held_out_digit: int) -> Program:
    """The module beside Keras."""
    training = TRAINING.format(seed=found.seed, units=found.units, epochs=found.epochs)
    settings = KERAS_OWN if found.changed == CARRIES[1] else TORCHS
    lines = ["values = carried(weights)", f"network = keras_network({found.units!r}, **{settings!r})"]
    if found.changed == "without running statistics":
        lines.append(f"values[3:5] = np.zeros({found.units!r}), np.ones({found.units!r})")
    if found.changed == "not transposed" and not found.said:
        lines.append("values[0] = values[0].T")
    lines += ["network.set_weights(values)", COMPARE.format(answer="network(x_test, training=False)")]
    functions = (shipped, mixed_digits, Network, fresh, batches, keras_network, carried, keras_on_torch)
    steps = (Step("A trained module", training), Step("Keras", "\n".join(lines)))
    shown = numbers(found, KERAS) if KERAS in found.logits else {"same class": 1.0}
    return Program("One network as a module and in Keras", steps, functions, shown, tolerance=2e-3)
