"""What reads Markdown where no browser does."""

from functools import cache


@cache
def reader():
    """The reader: CommonMark with tables, and no HTML of the text's own; loaded when it is first needed."""
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable("table")
