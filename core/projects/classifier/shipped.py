"""What the network makes of the shipped sketches, computed once and shipped, so that the first view is there at once.

``python -m core.projects.classifier.shipped`` computes it again. A sketch whose pixels come out differently on some
machine has another digest, is not found here and is looked at anew.
"""

import json
from pathlib import Path

import torch
from torch import Tensor

from core.models.imagenet import SHA256

FOLDER = Path(__file__).resolve().parents[3] / "assets" / "classifier"
FILE = FOLDER / "features.safetensors"


def rows() -> dict[tuple[str, int, int], Tensor]:
    """Features (1280,) by digest, size and variant; none where the file is missing or of other weights."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(FILE, "pt") as file:
            about = file.metadata()
            if about["weights"] != SHA256:
                return {}
            return dict(zip(map(tuple, json.loads(about["looks"])), file.get_tensor("features"), strict=True))
    except (OSError, SafetensorError, KeyError, ValueError):
        return {}


def main() -> None:
    """Look at every shipped sketch in every size, and keep what the network says."""
    from safetensors.torch import save_file

    from core.projects.classifier import sketches, strangers
    from core.projects.classifier.features import SIZES, Look, computed

    albums = [make() for make in sketches.ALBUMS.values()]
    pictures = {one.digest: one for album in albums for one in album.pictures}
    pictures |= {one.digest: one for one in strangers.pictures()}
    looks = [Look(digest, side, 0) for side in SIZES for digest in sorted(pictures)]
    features = torch.stack([computed(pictures[look.digest], look.side, look.variant) for look in looks])
    about = {"looks": json.dumps([look[:3] for look in looks]), "weights": SHA256}
    FOLDER.mkdir(exist_ok=True)
    save_file({"features": features}, FILE, about)
    FILE.chmod(0o644)
    print(f"{len(looks)} looks, {FILE.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
