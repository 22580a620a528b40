"""What the page on self-supervised learning shows."""

from core.topics.self_supervised import (
    augment_view,
    collapse_view,
    live_view,
    loss_view,
    neighbours_view,
    race_view,
)  # fmt: skip

NEIGHBOURS = "Neighbours"
ALONE = {
    "Race": race_view.VIEW,
    "Loss": loss_view.VIEW,
    "Augmentations": augment_view.VIEW,
    "Collapse": collapse_view.VIEW,
    "Train": live_view.VIEW,
}
OF_A_PICTURE = neighbours_view.VIEW
