"""The reference of tokens, for docs/."""

from reedbed.model.query.tokens import GROUPS, NOT_OFFERED, TOKENS, Group, Token


def reference_page() -> str:
    """Write docs/reference/tokens.md."""
    groups = "\n".join(_section(group) for group in GROUPS)
    left_out = "\n".join(f"| `{name}` | {why} |" for name, why in NOT_OFFERED.items())
    return f"""# Tokens

What queries can ask for; made from the code by `make docs`. How they are compared is in
[the query language](../query-language.md). Names may be written in any case; `findings.` and
`vulnerabilities.` mean `finding.`.

{groups}
## Not offered

| token (in lower case) | why |
|---|---|
{left_out}
"""


def _section(group: Group) -> str:
    rows = "\n".join(_row(token) for token in TOKENS if token.group is group)
    return f"""## `{group}`

{GROUPS[group]}

| token | kind | about |
|---|---|---|
{rows}
"""


def _row(token: Token) -> str:
    words = f" One of {', '.join(f'`{word}`' for word in token.words)}." if token.words else ""
    return f"| `{token.full}` | {token.kind} | {token.about}{words} |"
