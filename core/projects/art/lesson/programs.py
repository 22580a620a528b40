"""The program behind painted pictures: the generator in forty lines, from the shipped weights."""

from collections.abc import Mapping, Sequence

import numpy as np

from core.programs import Program, Step
from core.projects.art.painter import FOLDER

WEIGHTS = "weights.safetensors"
LAYERS = '''weights = {name: tensor.float() for name, tensor in load_file("weights.safetensors").items()}


def scaled(name: str, rate: float = 1.0) -> tuple[Tensor, Tensor]:
    """A layer's weights as they are used, for inputs of variance one."""
    weight, bias = weights[name + ".weight"], weights[name + ".bias"]
    return weight * rate / weight[0].numel() ** 0.5, bias * rate


def leaky(x: Tensor) -> Tensor:
    return functional.leaky_relu(x, 0.2) * 2**0.5


def unit(x: Tensor) -> Tensor:
    return x * torch.rsqrt(x.square().mean(dim=1, keepdim=True) + 1e-8)


def styled(x: Tensor, style: Tensor, name: str, plain: bool = False) -> Tensor:
    """A convolution whose input channels are scaled by a style, its outputs scaled back to variance one."""
    scales = functional.linear(style, *scaled(name + ".affine"))
    weight, bias = scaled(name + ".convolution")
    x = functional.conv2d(x * scales[:, :, None, None], weight, padding=weight.shape[2] // 2)
    if not plain:
        power = scales.square() @ weight.square().sum(dim=(2, 3)).T
        x = x * torch.rsqrt(power + 1e-8)[:, :, None, None]
    x = x + bias[:, None, None]
    return x if plain else leaky(x)


def twice(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)'''
PARTS = '''def mapped(noise: Tensor, groups: Tensor) -> Tensor:
    """Noise (batch, noise) and weights of groups (batch, groups) → styles."""
    x = torch.cat([unit(noise), unit(functional.linear(groups, *scaled("mapping.classes")))], dim=1)
    for place in range({mapping}):
        x = leaky(functional.linear(x, *scaled(f"mapping.layers.{{place}}", 0.1)))
    return x


def painted(styles: Tensor) -> Tensor:
    """Styles (batch, layers, style) → pictures (batch, 3, side, side), −1 to 1."""
    x = weights["start"].expand(len(styles), -1, -1, -1)
    if "layout.weight" in weights:
        x = x + functional.linear(styles[:, 0], *scaled("layout")).unflatten(1, x.shape[1:])
    x = styled(x, styles[:, 0], "convolutions.0")
    picture = styled(x, styles[:, 0], "colours.0", plain=True)
    for place in range(1, styles.shape[1], 2):
        x = twice(styled(x, styles[:, place], f"convolutions.{{place}}"))
        x = styled(x, styles[:, place + 1], f"convolutions.{{place + 1}}")
        picture = twice(picture) + styled(x, styles[:, place + 1], f"colours.{{place // 2 + 1}}", plain=True)
    return picture'''
PAINT = """seeds, groups, truncation = {seeds!r}, torch.tensor({groups!r}), {truncation!r}
draws = [torch.Generator().manual_seed(seed) for seed in seeds]
noise = torch.stack([torch.randn({noise}, generator=draw) for draw in draws])
styles = mapped(noise, groups.expand(len(seeds), -1))
if truncation != 1:  # towards the mean style of each group
    many = torch.randn(1000, {noise}, generator=torch.Generator().manual_seed(0))
    means = torch.stack([mapped(many, row.expand(1000, -1)).mean(dim=0) for row in torch.eye(len(groups))])
    styles = groups @ means + truncation * (styles - groups @ means)
pictures = painted(styles[:, None].expand(-1, {layers}, -1)).clamp(-1, 1)
pixels = ((pictures + 1) * 127.5).round()
result = {{"mean grey of each picture": (pixels.mean(dim=(1, 2, 3)) / 255).tolist()}}"""
LOOK = """import matplotlib.pyplot as plt

figure, axes = plt.subplots(1, len(seeds), squeeze=False)
for axis, one in zip(axes[0], pixels.permute(0, 2, 3, 1).to(torch.uint8), strict=True):
    axis.imshow(one)
    axis.axis("off")"""


def of_pictures(
    seeds: Sequence[int], mix: Mapping[str, float], truncation: float = 1.0, pixels: np.ndarray | None = None
) -> Program:
    """Paint seeds under a mixture of groups; ``pixels`` (count, side, side, 3) are those pictures on the page."""
    from core.projects.art.painter import painter

    own = painter()
    shape = own.generator.shape
    numbers = {"seeds": [int(seed) for seed in seeds], "groups": own.weights(mix).tolist(), "layers": shape.layers,
               "truncation": float(truncation), "noise": shape.noise}  # fmt: skip
    steps = (
        Step("Layers", LAYERS), Step("The generator", PARTS.format(mapping=shape.mapping)),
        Step("Paint", PAINT.format(**numbers)), Step("Look", LOOK, only_in_notebooks=True),
    )  # fmt: skip
    if pixels is None:
        pixels = own.painted(own.styles(list(seeds), own.weights(mix), truncation))
    shown = {"mean grey of each picture": (pixels.reshape(len(pixels), -1).mean(axis=1) / 255).tolist()}
    files = {WEIGHTS: (FOLDER / WEIGHTS).read_bytes()}
    return Program("Pictures out of noise", steps, (), shown, 1e-3, files)
