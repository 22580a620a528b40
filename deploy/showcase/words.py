"""Markdown as the lessons write it, with formulas, to HTML that needs no script: formulas become MathML."""

import re
from html import escape

from core.markdown import reader

ICON = re.compile(r":material/\w+: ?")
FORMULA = re.compile(r"\$\$(.+?)\$\$|(?<!\\)\$(?=\S)(.+?)(?<=\S)\$", re.DOTALL)
MARK = "\ue000"  # of a private use, in no text: where a formula stood


def html(markdown: str) -> str:
    """Paragraphs, lists, tables, code and formulas."""
    return with_formulas(markdown, reader().render)


def inline(markdown: str) -> str:
    """One line without a paragraph around it."""
    return with_formulas(markdown, reader().renderInline)


def with_formulas(markdown: str, render) -> str:
    """Render what stands between the formulas, and the formulas apart."""
    formulas: list[str] = []

    def kept(match: re.Match) -> str:
        formulas.append(mathml(match[1] or match[2], "block" if match[1] else "inline"))
        return f"{MARK}{len(formulas) - 1}{MARK}"

    whole = render(FORMULA.sub(kept, ICON.sub("", markdown)))
    return re.sub(f"{MARK}(\\d+){MARK}", lambda match: formulas[int(match[1])], whole)


def mathml(formula: str, display: str) -> str:
    """A formula in LaTeX as MathML; as its own text where the converter does not know it."""
    from latex2mathml.converter import convert

    try:
        return convert(formula.strip(), display=display)
    except Exception:  # the converter has no error of its own
        return f"<code>{escape(formula.strip())}</code>"


def plain(markdown: str) -> str:
    """The words alone, for a title or a description."""
    return re.sub(r"[*`_]|\\(?=\W)", "", ICON.sub("", markdown)).replace("$", "")
