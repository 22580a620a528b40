"""What the page on the painter shows: galleries, maps, films, directions, its training, a game, and a school."""
