"""How text is cut into words, alike for what is stored and for what is asked."""

import re

LONGEST_WORD = 64
MOST_WORDS = 2_000

_WORD = re.compile(r"\w+(?:(?<=[^\W\d_])\.(?=[^\W\d_])\w+|(?<=\d)[.,](?=\d)\w+)*")
"""`.` between letters, and `.` or `,` between digits, do not split; everything else that is no letter does.

Source: the tokenising rules of QQL (docs.qualys.com/en/ud/latest/qql_topics).
"""


def words(text: str) -> tuple[str, ...]:
    """Cut text into its words, in order and in lower case; what is absurdly long is cut off."""
    found = _WORD.findall(text.lower().replace("\0", " "))
    return tuple(word[:LONGEST_WORD] for word in found[:MOST_WORDS])
