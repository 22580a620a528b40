"""How large the answer of a convolution is, and which windows make it."""

from dataclasses import dataclass, replace

from core.programs import Program, Step
from core.provenance import ClosedForm, Sourced

CONVOLUTION, TRANSPOSED = KINDS = ("convolution", "transposed")


@dataclass(frozen=True)
class Settings:
    """A convolution along one axis, or a transposed one (then with ``output_padding``)."""

    kind: str = CONVOLUTION
    kernel: int = 3
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    output_padding: int = 0

    @property
    def reach(self) -> int:
        """How many pixels a window spans, its holes included."""
        return self.dilation * (self.kernel - 1) + 1

    @property
    def most_output_padding(self) -> int:
        """The largest output padding that torch takes: it only decides between sizes that shrink to the same one."""
        return max(self.stride, self.dilation) - 1

    def size(self, length: int) -> int:
        """The length of the answer to an input of so many pixels (Dumoulin and Visin 2016); 0 or less where torch
        refuses."""
        if self.kind == TRANSPOSED:
            return (length - 1) * self.stride - 2 * self.padding + self.reach + self.output_padding
        return (length + 2 * self.padding - self.reach) // self.stride + 1

    def left_over(self, length: int) -> int:
        """Pixels of the padded input that no window reaches because another step does not fit: what the floor drops."""
        return 0 if self.kind == TRANSPOSED else (length + 2 * self.padding - self.reach) % self.stride

    def formula(self, length: int) -> str:
        """The rule with its numbers, in LaTeX."""
        if self.kind == TRANSPOSED:
            return (
                rf"({length} - 1) \cdot {self.stride} - 2 \cdot {self.padding} + {self.dilation} \cdot "
                rf"({self.kernel} - 1) + {self.output_padding} + 1 = {self.size(length)}"
            )
        share = (length + 2 * self.padding - self.reach) / self.stride
        return (
            rf"\left\lfloor \frac{{{length} + 2 \cdot {self.padding} - {self.dilation} \cdot ({self.kernel} - 1) - 1}}"
            rf"{{{self.stride}}} \right\rfloor + 1 = \lfloor {share:.4g} \rfloor + 1 = {self.size(length)}"
        )


@dataclass(frozen=True)
class Sized(Sourced):
    """An input's height and width, a convolution, and the answer's height and width."""

    height: int
    width: int
    settings: Settings
    source = ClosedForm("the size rule of torch.nn.Conv2d and ConvTranspose2d")

    @property
    def size(self) -> tuple[int, int]:
        """The answer's height and width; zeros where nothing is left of one of them, which torch refuses or answers
        with an empty tensor."""
        size = self.settings.size(self.height), self.settings.size(self.width)
        return size if min(size) > 0 else (0, 0)


def sized(height: int, width: int, settings: Settings) -> Sized:
    """The sizes, with no more output padding than torch takes."""
    most = min(settings.output_padding, settings.most_output_padding) if settings.kind == TRANSPOSED else 0
    return Sized(height, width, replace(settings, output_padding=most))


def layer(settings: Settings) -> str:
    """The layer as PyTorch writes it."""
    given = {"stride": settings.stride, "padding": settings.padding, "dilation": settings.dilation}
    named = {name: value for name, value in given.items() if value != (0 if name == "padding" else 1)}
    if settings.kind == TRANSPOSED and settings.output_padding:
        named["output_padding"] = settings.output_padding
    listed = "".join(f", {name}={value}" for name, value in named.items())
    kind = "ConvTranspose2d" if settings.kind == TRANSPOSED else "Conv2d"
    return f"nn.{kind}(1, 1, {settings.kernel}{listed})"


def program_of_size(sizes: Sized) -> Program:
    """Ask the layer itself."""
    question = f"list(layer(torch.zeros(1, 1, {sizes.height}, {sizes.width})).shape[2:])"
    refused = ["try:", f"    size = {question}", "except RuntimeError:", "    size = [0, 0]"]
    refused.append("size = size if min(size) > 0 else [0, 0]  # nothing is left")
    lines = [f"layer = {layer(sizes.settings)}", *(refused if sizes.size == (0, 0) else [f"size = {question}"])]
    lines.append('result = {"size": size}')
    return Program("The size of a convolution", (Step("Ask the layer", "\n".join(lines)),), shown={"size": sizes.size})
