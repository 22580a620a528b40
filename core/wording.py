"""Numbers and code in sentences and tables."""


def counted(count: float, noun: str, plural: str = "") -> str:
    """A count and what is counted: "1 epoch", "2,000 epochs"; the ``plural`` where it is not the noun and an s."""
    number = f"{count:,}" if isinstance(count, int) else f"{count:g}"
    return f"{number} {noun if count == 1 else plural or f'{noun}s'}"


def code(text: str) -> str:
    """Text set as code, which may be broken anywhere where room is scarce; nothing stays nothing."""
    return f"`{text.replace('`', chr(39))}`" if text else ""


def article(digit: int) -> str:
    """A digit with its article, as it is spoken."""
    return f"an {digit}" if digit == 8 else f"a {digit}"


def bytes_told(count: float) -> str:
    """A number of bytes as a person reads it."""
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if count < 1000 or unit == "TB":
            return f"{count:.3g} {unit}"
        count /= 1000
    return ""
