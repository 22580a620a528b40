"""A switch that ends a training from another thread."""

import numpy as np


class Cancel:
    """Off until ``set`` is called. The compiled trainer polls ``flag``, shape (1,), without holding Python's lock."""

    def __init__(self) -> None:
        self.flag = np.zeros(1, dtype=np.uint8)

    def set(self) -> None:
        """End the training at the next epoch."""
        self.flag[0] = 1

    def is_set(self) -> bool:
        """Whether the training has been told to end."""
        return bool(self.flag[0])
