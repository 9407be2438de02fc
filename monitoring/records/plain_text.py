"""Text from outside made safe for a record: nothing in it is read as Markdown, HTML or a control character.

What is escaped follows CommonMark 0.31 (section 2.4, backslash escapes) and GitHub's tables and strikethrough.
"""

from __future__ import annotations

import re
import unicodedata

_SPECIAL = re.compile(r"([\\`*_\[\]|~$#])")
_BLOCK_START = re.compile(r"^([+\-=:]|\d+(?=[.)]))")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def clean(text: str) -> str:
    """One line: runs of white space become one space, and control and invisible characters go.

    >>> clean(" West\\n\\tMidlands\\u202e Police\\x00 ")
    'West Midlands Police'
    """
    words = " ".join(text.split())
    return " ".join("".join(one for one in words if not unicodedata.category(one).startswith("C")).split())


def escaped(text: str) -> str:
    """The same as Markdown that shows it as it is, in a heading or in a table's cell.

    >>> escaped("a|b `c` <script>\\n# d")
    'a\\\\|b \\\\`c\\\\` &lt;script&gt; \\\\# d'
    """
    return _SPECIAL.sub(r"\\\1", "".join(_ENTITIES.get(one, one) for one in clean(text)))


def escaped_paragraph(text: str) -> str:
    """The same as a paragraph of its own: it begins no list, no rule and no definition.

    >>> escaped_paragraph("- no list"), escaped_paragraph("1. no list")
    ('\\\\- no list', '1\\\\. no list')
    """
    line = escaped(text)
    begun = _BLOCK_START.match(line)
    if begun is None:
        return line
    end = begun.end()
    return f"{line[:end]}\\{line[end:]}" if begun.group().isdigit() else f"\\{line}"
