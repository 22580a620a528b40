"""The digits network, written as a person would."""

from collections.abc import Sequence

NETWORK = '''class DigitNetwork(nn.Module):
    """Three pairs of 3×3 convolutions; (batch, 1, 28, 28) to 11 logits: ten digits and "none of these"."""

    def __init__(self, widths: tuple[int, ...] = {widths!r}) -> None:
        super().__init__()
        pairs = list(pairwise(widths))
        self.convolutions = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1, bias=False) for a, b in pairs)
        self.norms = nn.ModuleList(nn.BatchNorm2d(after) for _, after in pairs)
        self.output = nn.Linear(widths[-1], 11)

    def forward(self, x: Tensor) -> Tensor:
        for number, (convolution, norm) in enumerate(zip(self.convolutions, self.norms, strict=True)):
            x = norm(convolution(x)).relu()
            if number in (1, 3):
                x = nn.functional.max_pool2d(x, 2)
        return self.output(x.mean(dim=(2, 3)))


model = DigitNetwork().eval()
model.load_state_dict(load_file("{weights}"))'''


def digit_network_lines(widths: Sequence[int], weights: str) -> str:
    """Statements that make the network of these widths (1 and one per convolution) with the weights in a file."""
    return NETWORK.format(widths=tuple(widths), weights=weights)
