"""The six projects: load, train, predict; each is also a page and a demo."""
