"""`reedbed query explain|tokens|complete`: help with the query language."""

from typing import Annotated

from cyclopts import Parameter

from reedbed.cli import show
from reedbed.cli.exit import Exit
from reedbed.cli.options import AsJson


def explain(query: str, *, json: AsJson = False) -> int:
    """Say in words how a query is understood.

    Parameters
    ----------
    query
        The query.
    json
        Print one JSON value: the words, and the tree.
    """
    from reedbed.jobs import now_utc
    from reedbed.model.query.explain import explain as explained
    from reedbed.model.query.read import read

    node = read(query, now=now_utc())
    if json:
        show.json({"explained": explained(node), "tree": node})
    else:
        show.line(show.safe(explained(node)))
    return Exit.DONE


def tokens(named: str = "", *, json: AsJson = False) -> int:
    """List what can be asked for.

    Parameters
    ----------
    named
        Only tokens with this in their name.
    json
        Print one JSON value.
    """
    from reedbed.model.query.tokens import TOKENS

    found = [token for token in TOKENS if named.lower() in token.full.lower()]
    if json:
        show.json([{"name": t.full, "kind": t.kind, "about": t.about, "words": t.words} for t in found])
        return Exit.DONE
    rows = [(t.full, t.kind, t.about, " ".join(t.words)) for t in found]
    show.table(["token", "kind", "about", "values"], rows)
    return Exit.DONE


def complete(
    query: Annotated[str, Parameter(allow_leading_hyphen=True)] = "",
    *,
    cursor: int | None = None,
    json: AsJson = False,
) -> int:
    """Suggest what could stand next in a query.

    Parameters
    ----------
    query
        What is written so far.
    cursor
        The place to complete at, counted from 0; by default the end.
    json
        Print one JSON value.
    """
    from reedbed.model.query.complete import complete as completed

    found = completed(query, cursor)
    if json:
        show.json(found)
    else:
        show.table(["suggestion", "about"], [(each.text, each.about) for each in found])
    return Exit.DONE
