"""The programs of the page: the network written out, the shipped weights read into it, and what a view asks of it."""

from functools import lru_cache

from safetensors.torch import save

from core.programs import Step
from core.topics.resnet.networks import EACH, FOLDER, MEAN, RESIDUAL, SIDE, SPREAD, shipped_weights

NETWORK = """class Block(nn.Module):
    def __init__(self, inputs, outputs, stride, residual, norm):
        super().__init__()
        self.first, self.first_norm = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), norm(outputs)
        self.second, self.second_norm = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), norm(outputs)
        self.stride, self.added, self.residual = stride, outputs - inputs, residual

    def branch(self, x):
        return self.second_norm(self.second(functional.relu(self.first_norm(self.first(x)))))

    def shortcut(self, x):
        return functional.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.added))

    def forward(self, x):
        return functional.relu(self.branch(x) + self.shortcut(x) if self.residual else self.branch(x))


class Network(nn.Module):
    def __init__(self, depth, residual, widths=(8, 16, 32), norm=nn.BatchNorm2d):
        super().__init__()
        self.stem, self.stem_norm = nn.Conv2d(1, widths[0], 3, padding=1, bias=False), norm(widths[0])
        self.blocks = nn.ModuleList()
        for stage, width in enumerate(widths):
            for place in range((depth - 2) // 6):
                before, stride = (widths[stage - 1], 2) if stage and not place else (width, 1)
                self.blocks.append(Block(before, width, stride, residual, norm))
        self.output = nn.Linear(widths[-1], 10)

    def forward(self, x, deleted=()):
        x = functional.relu(self.stem_norm(self.stem(x))).contiguous(memory_format=torch.channels_last)
        for place, block in enumerate(self.blocks):
            x = block.shortcut(x) if place in deleted else block(x)
        return self.output(x.mean(dim=(2, 3)))


"""
LOADED = """def loaded(file, depth, residual):
    network = Network(depth, residual)
    network.load_state_dict({name: value.to(torch.float32) if value.is_floating_point() else value
                             for name, value in load_file(file).items()})
    return network.eval()


"""
DRAWN = """def drawn(network, seed):
    generator = torch.Generator().manual_seed(seed)
    for layer in network.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=generator)
            if layer.bias is not None:
                bound = layer.weight[0].numel() ** -0.5
                nn.init.uniform_(layer.bias, -bound, bound, generator=generator)
    return network


"""
PICTURES = """sheet = torch.from_numpy(np.asarray(Image.open("{file}"), dtype=np.float32) / 255)
rows = sheet.unflatten(0, (10, {side})).unflatten(2, ({each}, {side}))  # a row of pictures for each class
x = (rows.permute(0, 2, 1, 3).reshape(-1, 1, {side}, {side}) - {mean}) / {spread}
y = torch.arange(10).repeat_interleave({each})"""
NETWORK_STEP = Step("The network", NETWORK)
LOADED_STEP = Step("Its trained weights", LOADED)
DRAWN_STEP = Step("Its starting weights", DRAWN)


def pictures_step(part: str) -> Step:
    """The shipped pictures of the "test" or "training" set."""
    text = PICTURES.format(file=f"{part}.png", side=SIDE, each=EACH, mean=MEAN, spread=SPREAD)
    return Step("Pictures", text)


def sheet_file(part: str) -> dict[str, bytes]:
    """The pictures that such a program reads."""
    return {f"{part}.png": (FOLDER / f"{part}.png").read_bytes()}


def weights_file(kind: str, depth: int) -> dict[str, bytes]:
    """The weights that a program reads."""
    return {f"{kind}-{depth}.safetensors": packed(kind, depth)}


@lru_cache(maxsize=8)
def packed(kind: str, depth: int) -> bytes:
    """One shipped network as a file of its own."""
    return save(shipped_weights(kind, depth))


def call_loaded(kind: str, depth: int) -> str:
    """The expression that reads one shipped network."""
    return f'loaded("{kind}-{depth}.safetensors", {depth}, {kind == RESIDUAL})'
