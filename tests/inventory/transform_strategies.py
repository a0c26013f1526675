"""Expressions, rows, maps and records at random."""

import string
from typing import Any

from hypothesis import strategies as st

from reedbed.inventory.transform.document import Case, Document, Otherwise, Row
from reedbed.inventory.transform.expression import (
    Call,
    Choice,
    Compared,
    Expression,
    Joined,
    Literal,
    Negated,
    Part,
    Path,
    Table,
)
from reedbed.inventory.transform.functions import FUNCTIONS
from reedbed.inventory.transform.source import SOURCES, paths
from reedbed.inventory.transform.target import TARGETS
from reedbed.model.records import Found, ImageRecord, Manifest, ScanRecord, VulnerabilityRecord

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
NAMES = st.text(string.ascii_lowercase, min_size=1, max_size=8).filter(
    lambda name: name not in {"if", "and", "or", "not", "true", "false"}
)
SCALARS: st.SearchStrategy[Any] = (
    TEXT | st.integers(-(10**17), 10**17) | st.booleans() | st.sampled_from([0.5, -2.25, 1e20, 3.0])
)
LITERALS = SCALARS.map(Literal)
PATHS = st.builds(
    lambda first, rest: Path((first, *rest)),
    st.builds(Part, NAMES, st.booleans()),
    st.lists(st.builds(Part, NAMES | TEXT, st.booleans()), max_size=3).map(tuple),
)
TABLES = st.dictionaries(TEXT, SCALARS, max_size=3).map(lambda table: Table(tuple(table.items())))


EXPRESSIONS: st.SearchStrategy[Expression] = st.deferred(lambda: LITERALS | PATHS | CALLS | CHOICES)
CALLS: st.SearchStrategy[Expression] = st.builds(
    Call,
    st.sampled_from(sorted(FUNCTIONS)) | NAMES.filter(lambda name: name not in {"const", "path"}),
    st.lists(EXPRESSIONS | TABLES, max_size=3).map(tuple),
)
CONDITIONS: st.SearchStrategy[Expression] = st.deferred(
    lambda: (
        EXPRESSIONS
        | st.builds(Compared, EXPRESSIONS, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), EXPRESSIONS)
        | st.builds(Negated, CONDITIONS)
        | st.builds(Joined, CONDITIONS, st.sampled_from(["and", "or"]), CONDITIONS)
    )
)
CHOICES: st.SearchStrategy[Expression] = st.builds(Choice, CONDITIONS, EXPRESSIONS, EXPRESSIONS | st.none())

CONSTANTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
ROWS = st.builds(
    Row,
    target=TEXT,
    source=st.none() | TEXT,
    constant=st.none() | CONSTANTS,
    expression=st.none() | TEXT,
    given=st.none() | TEXT,
    required=st.booleans(),
    identifier=st.booleans(),
    on_missing=st.sampled_from(Otherwise),
    on_error=st.sampled_from(Otherwise),
    default=st.none() | CONSTANTS,
    note=TEXT,
)
CASES = st.builds(
    Case,
    name=TEXT,
    record=st.dictionaries(TEXT, CONSTANTS, max_size=2),
    expect=st.dictionaries(TEXT, CONSTANTS, max_size=2),
)
DOCUMENTS = st.builds(
    Document,
    name=TEXT,
    source=TEXT,
    target=TEXT,
    description=TEXT,
    rows=st.lists(ROWS, max_size=4).map(tuple),
    tests=st.lists(CASES, max_size=2).map(tuple),
)

SHAPES: st.SearchStrategy[Any] = st.recursive(
    st.none() | TEXT | st.booleans() | st.integers() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)
CONFIGS = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ("architecture", "created", "os", "docker_version", "rootfs", "history", "os.version", "variant"),
        SHAPES,
    )
    | {
        "config": SHAPES
        | st.fixed_dictionaries({}, optional=dict.fromkeys(("Env", "Cmd", "Labels", "User"), SHAPES))
    },
)
IMAGES = st.builds(
    ImageRecord,
    image_name=TEXT,
    image_registry=TEXT,
    image_repository=TEXT,
    image_tag=st.none() | TEXT,
    image_tags=st.lists(TEXT, max_size=2).map(tuple),
    image_size=st.none() | st.integers(),
    docker_manifest=st.none() | st.builds(Manifest, annotations=st.dictionaries(TEXT, SHAPES, max_size=2)),
    blob_config=st.none() | CONFIGS,
    properties=st.dictionaries(TEXT, st.lists(TEXT, max_size=2).map(tuple), max_size=2),
)
VULNERABILITIES = st.builds(
    VulnerabilityRecord,
    cve=st.none() | TEXT,
    cwe=st.lists(TEXT | st.just("CWE-79"), max_size=3).map(tuple),
    cvss_v2=st.none() | TEXT,
    cvss_v3=st.none() | TEXT | st.sampled_from(["5.9", "10.0/CVSS:3.1/AV:N", "11/x", "/", "9.8 CVSS:3.1"]),
    cvss_v4=st.none() | TEXT,
    severity=TEXT | st.sampled_from(["Critical", "Unknown", "information"]),
    summary=TEXT,
    created=st.none() | TEXT,
    edited=st.none() | TEXT,
    references=st.lists(TEXT, max_size=2).map(tuple),
    extended_information=st.none()
    | st.fixed_dictionaries({}, optional=dict.fromkeys(("remediation", "full_description"), SHAPES)),
    component=TEXT,
    found=st.lists(
        st.builds(
            Found,
            version=st.none() | TEXT,
            fixed_versions=st.lists(TEXT, max_size=2).map(tuple),
            paths=st.lists(TEXT, max_size=2).map(tuple),
        ),
        max_size=2,
    ).map(tuple),
    impact_path=st.lists(TEXT, max_size=3).map(tuple),
)
SCANS = st.builds(ScanRecord, image=IMAGES, vulnerabilities=st.lists(VULNERABILITIES, max_size=2).map(tuple))


def of_model(source: str, target: str) -> st.SearchStrategy[Document]:
    """Maps whose rows name real paths and functions, rightly or wrongly."""
    real = st.sampled_from(paths(SOURCES[source]))
    leaves = real | SCALARS.map(_written)
    calls = st.builds(
        lambda name, arguments: f"{name}({', '.join(arguments)})",
        st.sampled_from(sorted(FUNCTIONS)),
        st.lists(leaves, max_size=3),
    )
    model = TARGETS[target]
    own = [f"{prefix}own" for prefix in model.open]
    rows = st.builds(
        lambda target, text: Row(target=target, expression=text),
        st.sampled_from([*model.paths, *own]),
        leaves | calls,
    )
    return st.lists(rows, max_size=6).map(
        lambda some: Document(name="random", source=source, target=target, rows=tuple(some))
    )


def _written(value: Any) -> str:
    from reedbed.inventory.transform.expression import write

    return write(Literal(value))
