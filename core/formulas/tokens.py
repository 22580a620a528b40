"""The signs, numbers and names of a formula, also where they are written as people write and not as programs do.

A minus from a word processor, ``·`` and ``×``, ``π``, ``x²``, ``≤`` and the full-width signs of East Asian keyboards
are the signs they look like; every token knows its place in the text as it was typed.
"""

import re

LENGTH = 200
Token = tuple[str, str, int]  # kind ("number", "name", "sign", "raised", "end"), text, position

RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
ALIKE = str.maketrans(
    dict.fromkeys("−–‐‑﹣", "-") | dict.fromkeys("·⋅∙•×✕∗", "*") | dict.fromkeys("÷∕⁄", "/")
    | {chr(code): " " for code in (0xA0, 0x2007, 0x2009, 0x200A, 0x202F, 0x3000)}
    | {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
)  # fmt: skip
WORDS = {"π": "pi", "√": "sqrt", "≥": ">=", "⩾": ">=", "≤": "<=", "⩽": "<="}
HINTS = {
    "=": "Write only what stands after the equals sign", "[": "Write round parentheses", "{": "Write round parentheses",
    "|": "Write abs(x) for |x|", "!": "Write a factorial as a product", "%": "Write a share as a number, 0.05 for 5%",
}  # fmt: skip
TOKEN = re.compile(
    r"(?P<space>\s+|(?:np|numpy|math|Math|torch)\.(?=[A-Za-z]))"
    r"|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_][A-Za-z_0-9]*|[π√σ])"
    r"|(?P<raised>[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)|(?P<sign>\*\*|<=|>=|[-+*/^()<>,≥≤⩾⩽])",
    re.ASCII,
)


class ExpressionError(ValueError):
    """A formula that cannot be read: one sentence, its ``position`` in the text (from 0), and in ``caret`` two lines
    that point at the place."""

    def __init__(self, message: str, position: int, text: str = "") -> None:
        super().__init__(message)
        self.position = position
        self.caret = re.sub(r"[^ -~]", " ", text[: 2 * LENGTH]) + "\n" + " " * position + "^"


def tokens_of(text: str) -> list[Token]:
    """The text as (kind, text, position), with an end mark. Raises ``ExpressionError`` for a character of no use."""
    if len(text) > LENGTH:
        raise ExpressionError(
            f"A formula may have at most {LENGTH} characters; this has {len(text):,}.", LENGTH, text[: LENGTH + 1]
        )
    plain, tokens, position = text.translate(ALIKE), [], 0
    while position < len(text):
        match = TOKEN.match(plain, position)
        if match is None:
            raise ExpressionError(complaint(text[position], plain[position]), position, text)
        if match.lastgroup != "space":
            word = WORDS.get(match.group(), match.group())
            tokens.append((match.lastgroup, word.translate(RAISED) if match.lastgroup == "raised" else word, position))
        position = match.end()
    return [*tokens, ("end", "", len(text))]


def complaint(character: str, plain: str) -> str:
    """What is wrong with a character, and what to write instead where that is known."""
    shown = f"'{character}'" if character.isprintable() else f"U+{ord(character):04X}"
    hint = f"; {HINTS[plain][0].lower()}{HINTS[plain][1:]}" if plain in HINTS else ""
    return f"The character {shown} cannot be used in a formula{hint}."
