"""torchvision's EfficientNets B0 to B7, counted on networks that take no memory: what the record keeps of them."""

import torch

from core.topics.efficient_cnns.costs import Cost, counted

# The side of the picture that each was made for (torchvision's ``presets``, after Tan and Le 2019), width and depth.
FAMILY = {
    "B0": (224, 1.0, 1.0), "B1": (240, 1.0, 1.1), "B2": (260, 1.1, 1.2), "B3": (300, 1.2, 1.4), "B4": (380, 1.4, 1.8),
    "B5": (456, 1.6, 2.2), "B6": (528, 1.8, 2.6), "B7": (600, 2.0, 3.1),
}  # fmt: skip


def torchvisions(name: str) -> Cost:
    """The cost of torchvision's own network, built and run without numbers (on torch's device "meta")."""
    from torchvision.models import get_model

    with torch.device("meta"):
        model = get_model(f"efficientnet_{name.lower()}", weights=None)
    with torch.device("meta"):
        return counted(model, (3, FAMILY[name][0], FAMILY[name][0]))


def published_accuracy(name: str) -> float:
    """Its accuracy on ImageNet's validation pictures in percent, as torchvision publishes it; not measured here."""
    from torchvision.models import get_model_weights

    weights = get_model_weights(f"efficientnet_{name.lower()}")["IMAGENET1K_V1"]
    return float(weights.meta["_metrics"]["ImageNet-1K"]["acc@1"])
