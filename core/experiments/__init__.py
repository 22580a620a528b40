"""What the pages' experiments do: one module per topic, which trains, measures and compares; the pages only arrange."""
