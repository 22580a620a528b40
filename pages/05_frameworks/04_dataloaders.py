r"""Data loaders

A network can only learn from what it is brought: watch who loads, in which order, how often, and changed how.

A *dataset* gives one sample for a number from 0 to $n-1$. A *sampler* says in which order they are asked for, a
*loader* puts $B$ of them into a batch. *Workers*, processes of their own, load ahead: if a batch takes $t_l$ to load
and $t_s$ to train on, $w$ workers can bring one every

$$\max\!\Big(t_s,\ \frac{t_l}{w}\Big)$$

at best, instead of every $t_l + t_s$. Each keeps some batches ready (*prefetch*); *pinned* memory speeds the copy to an
accelerator. Samples sorted by class unteach each other; a rare class can be drawn more often; random *transforms* show
the same picture differently every epoch.

Needs: training-loop

Roadmap:
- Learn PyTorch / TensorFlow:
- Dataloaders and transforms

Reading:
- *Dive into Deep Learning*, sections 3.3 and 14.1
- Goodfellow, Bengio and Courville, *Deep Learning*, sections 7.4 and 8.1.3
- PyTorch, *torch.utils.data* and *Transforms v2*
"""

from core.data import photos
from core.topics.dataloaders.transforms_view import TRANSFORMS
from core.topics.dataloaders.views import VIEWS
from pages import ui

READERS = photos.SHIPPED, photos.shipped, photos.drawn, photos.uploaded


def transforms() -> None:
    page.open(TRANSFORMS, page.picture(*READERS, photos.sheet()))


with ui.lesson(__file__) as page:
    page.views({**VIEWS, "Transforms": transforms})
