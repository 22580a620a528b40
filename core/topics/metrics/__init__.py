"""The page on evaluation metrics."""
