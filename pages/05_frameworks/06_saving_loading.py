r"""Saving and loading

A network is its numbers and the code that uses them: save the numbers, and never open a stranger's code.

A `state_dict` maps names to tensors, $\theta = \{\text{name}: W\}$. To go on exactly, a checkpoint needs the
optimizer's memory as well: for Adam the running means $m$ and $v$ of every weight's gradient and its square,

$$\theta \leftarrow \theta - \eta\, \frac{\hat m}{\sqrt{\hat v} + \varepsilon}$$

with learning rate $\eta$. `torch.save` writes a pickle, a small program that can import and call anything when it is
opened; `weights_only=True` allows tensors alone, and a safetensors file is a list of names, shapes and bare numbers.
`load_state_dict` compares names and shapes; with `strict=False` what does not match stays as it was, without a word.

Needs: optimizers, tensors-autograd-modules

Roadmap:
- Learn model saving/loading: `torch.save()`, `model.load_state_dict()`

Reading:
- *Dive into Deep Learning*, section 6.6
- PyTorch, *Saving and loading models*; *Serialization semantics*
- Goodfellow, Bengio and Courville, *Deep Learning*, section 8.7.4
- Yosinski and others (2014), *How transferable are features in deep neural networks?*
"""

from core.topics.saving_loading.views import OWN, VIEWS
from pages import ui

TYPES = ("safetensors", "pt", "pth", "bin", "pkl")


def your_file() -> None:
    file = page.file("Your file", TYPES, "Of safetensors or torch.save, 5 MB at most. It is looked into, never run.")
    if file:
        page.open(OWN, file)
    else:
        page.open(VIEWS["Look inside"])


with ui.lesson(__file__) as page:
    page.views({**VIEWS, "Your file": your_file})
