"""What the page on vision transformers shows: views of a picture, and views of what was learned."""

from core.topics.vision_transformer import attention_view, data_view, embedding_view, patches_view, positions_view

ON_A_PICTURE = {
    "Attention": attention_view.VIEW,
    "Patches": patches_view.VIEW,
    "Patch embedding": embedding_view.VIEW,
}
ALONE = {"Positions": positions_view.VIEW, "How much data": data_view.VIEW}
ORDER = ("Attention", "Patches", "Positions", "How much data", "Patch embedding")
