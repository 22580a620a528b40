"""The programs of the classifier's page: the network on one picture; a head trained and judged on features."""

from core.probes.certainty import temperature
from core.programs import Program, Step
from core.programs.efficientnet import efficientnet_lines
from core.projects.classifier.features import OURS
from core.projects.classifier.head import DECAY, logistic
from core.projects.classifier.study import COST, FOLDS, Trained, familiar
from core.projects.classifier.why import Answer

RESIDUAL = ("resnet", "resnext", "wide_resnet")  # torchvision's networks that end in a layer called fc
STUDY, HEAD, SEEN = "study.safetensors", "head.safetensors", "picture.png"
PUBLISHED = """from torchvision.models import get_model, get_model_weights

network = get_model({name!r}, weights="DEFAULT").eval()  # downloads its weights where they are missing
preset = get_model_weights({name!r}).DEFAULT.transforms()
mean, spread = torch.tensor(preset.mean), torch.tensor(preset.std)"""
ANSWER = """pixels = np.asarray(Image.open("{seen}").convert("RGB").resize(({side}, {side}), Image.Resampling.BICUBIC))
x = {normalised}
with torch.no_grad():
    features = nn.functional.normalize({features})
head = load_file("{head}")
logits = features @ head["weights"].T + head["offsets"]
chances = (logits / {temperature!r}).softmax(dim=1)[0].tolist()
result = dict(zip({names!r}, chances, strict=True))
result["likeness to the training pictures"] = familiar(features, head["references"])[0].item()"""
JUDGED = """study = load_file("{study}")  # features of every look (the first: the picture as it is), classes and parts
x, y, part = study["features"], study["labels"], study["part"]
looks, classes = x.shape[1], {classes!r}


def learned(those: Tensor) -> tuple[Tensor, Tensor]:
    return logistic(x[those].flatten(0, 1), y[those].repeat_interleave(looks), classes, {decay!r})


weights, offsets = learned(part > 0)  # part 0 is held out
logits = x[:, 0] @ weights.T + offsets
for fold in range(1, {folds}):
    own = part == fold
    if own.any():
        weights, offsets = learned((part > 0) & ~own)
        logits[own] = x[own, 0] @ weights.T + offsets
right = logits.argmax(dim=1) == y"""
SCORES = """training = part > 0
result = {
    "held-out pictures right": int(right[~training].sum()),
    "all pictures right, each judged by others": int(right.sum()),
    "temperature": temperature(logits[training], y[training], 1 / (int(training.sum()) + 2)),
}"""
THRESHOLD = """study = load_file("{study}")
x, part = study["features"][:, 0], study["part"]
likeness = torch.empty(len(x))
for number in part.unique().tolist():
    own = part == number
    likeness[own] = familiar(x[own], x[(part > 0) & ~own])
threshold = torch.quantile(likeness[part > 0], {cost!r}).item()
refused = (likeness[part == 0] < threshold).float().mean().item()
result = {{"threshold": threshold, "held-out pictures refused": refused}}"""


NORMALISED = "(torch.tensor(pixels).permute(2, 0, 1)[None].float() - 127) / 128"
NORMALISED_PUBLISHED = "((torch.tensor(pixels)[None].float() / 255 - mean) / spread).permute(0, 3, 1, 2)"


def network_step(name: str) -> tuple[Step, dict[str, str]]:
    """How a network is made, and how it is asked."""
    if name == OURS:
        asked = {"normalised": NORMALISED, "features": "network(x).mean(dim=(2, 3))"}
        return Step(f"{OURS} with its ImageNet weights", efficientnet_lines()), asked
    text, features = PUBLISHED.format(name=name), "network.features(x).mean(dim=(2, 3))"
    if name.startswith(RESIDUAL):
        text, features = f"{text}\nnetwork.fc = nn.Identity()", "network(x)"
    return Step(f"{name} with its ImageNet weights", text), {"normalised": NORMALISED_PUBLISHED, "features": features}


def of_answer(found: Trained, reply: Answer) -> Program:
    """The network on one picture, and the head that was trained."""
    from safetensors.torch import save

    network, asked = network_step(found.settings.network)
    text = ANSWER.format(
        **asked, seen=SEEN, side=found.settings.side, head=HEAD, temperature=found.study.temperature, names=found.names
    )
    head = {
        "weights": found.study.head.weights, "offsets": found.study.head.offsets, "references": found.study.references,
    }  # fmt: skip
    steps = (network, Step("The answer", text))
    shown = reply.named | {"likeness to the training pictures": reply.familiar}
    files = {SEEN: reply.picture.content, HEAD: save({name: part.contiguous() for name, part in head.items()})}
    return Program("A picture is classified", steps, (familiar,), shown, files=files)


def features_file(found: Trained) -> dict[str, bytes]:
    """Features, classes and parts of a study, for the programs that begin with them."""
    from safetensors.torch import save

    study = found.study
    return {STUDY: save({"features": study.features.contiguous(), "labels": study.labels, "part": study.part})}


def of_study(found: Trained) -> Program:
    """The head trained on features, and judged on pictures that it did not learn from."""
    judged = JUDGED.format(study=STUDY, classes=found.study.classes, decay=DECAY, folds=FOLDS + 1)
    steps = (Step("Heads, each without the pictures that it answers", judged), Step("How good they are", SCORES))
    shown = {
        "held-out pictures right": found.study.score[0],
        "all pictures right, each judged by others": int(found.study.right.sum()),
        "temperature": found.study.temperature,
    }
    return Program(
        "A classifier is trained and judged", steps, (logistic, temperature), shown, files=features_file(found)
    )


def of_threshold(found: Trained, real_pictures_refused: float = COST) -> Program:
    """The threshold of "none of these"."""
    study = found.study
    threshold = study.threshold(real_pictures_refused)
    refused = (study.familiarity[study.held_out] < threshold).float().mean().item()
    step = Step("How familiar each picture is to the others", THRESHOLD.format(study=STUDY, cost=real_pictures_refused))
    shown = {"threshold": threshold, "held-out pictures refused": refused}
    return Program("None of these", (step,), (familiar,), shown, files=features_file(found))
