"""A deep plain network that does exactly what a shallow one does: the added blocks let everything through."""

import copy

import torch

from core.models.resnet import Block, ResNet
from core.topics.resnet.networks import PLAIN, untrained


@torch.no_grad()
def let_through(block: Block) -> Block:
    """Make a plain block the identity for maps that are nowhere negative, as those behind a ReLU are, in place: kernels
    with a one in their middle, and batch norm that changes nothing in evaluation mode."""
    for layer, norm in ((block.first, block.first_norm), (block.second, block.second_norm)):
        torch.nn.init.dirac_(layer.weight)
        norm.running_mean.zero_(), norm.running_var.fill_(1)
        norm.weight.fill_((1 + norm.eps) ** 0.5), norm.bias.zero_()
    return block


def deepened(shallow: ResNet, depth: int) -> ResNet:
    """A plain network of ``depth`` layers that answers as ``shallow`` does (He et al. 2016, section 1): each stage
    holds the trained blocks, and behind them blocks that let everything through. Raises ``ValueError`` if it is not
    deeper."""
    if depth < shallow.depth:
        raise ValueError("A network can be copied only into one that has at least as many layers.")
    deep = untrained(PLAIN, depth).eval().requires_grad_(False)
    parts = {"stem", "stem_norm", "output"}
    for name in parts:
        getattr(deep, name).load_state_dict(getattr(shallow, name).state_dict())
    own, wide = len(shallow.blocks) // 3, len(deep.blocks) // 3
    for place in range(len(deep.blocks)):
        stage, within = divmod(place, wide)
        if within < own:
            deep.blocks[place] = copy.deepcopy(shallow.blocks[stage * own + within])
        else:
            let_through(deep.blocks[place])
    return deep
