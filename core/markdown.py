"""What reads Markdown where no browser does."""

from functools import cache


@cache
def reader():
    """The reader: CommonMark with tables, without HTML of the text's own and without pictures, which would be fetched
    from wherever a text says; loaded when it is first needed."""
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
