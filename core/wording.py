"""Numbers in sentences."""


def counted(count: float, noun: str, plural: str = "") -> str:
    """A count and what is counted: "1 epoch", "2,000 epochs"; the ``plural`` where it is not the noun and an s."""
    number = f"{count:,}" if isinstance(count, int) else f"{count:g}"
    return f"{number} {noun if count == 1 else plural or f'{noun}s'}"
