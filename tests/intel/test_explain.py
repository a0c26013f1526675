"""Each record becomes exactly the notation, skip, deletion or refusal that the rules say."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jfrog_standin.osv_records import encoded, shapes
from reedbed.feeds.osv_record import Taking, read_record
from reedbed.intel.explain import Decision, explain
from reedbed.intel.merge import Admission
from reedbed.intel.terms import Terms
from reedbed.model.advisory import Advisory, Confidence

GOLDEN = Path(__file__).parent / "golden"
REAL = Path(__file__).parents[3] / "shared" / "data" / "osv-malicious"
TAKING = Taking(feed="osv")

SETS = {"made.json": {name: encoded(each) for name, each in shapes().items()}}
if REAL.is_dir():
    SETS["records.json"] = {path.name: path.read_bytes() for path in sorted(REAL.glob("*.json"))}


def explained(files: Mapping[str, bytes]) -> dict[str, Any]:
    return {
        name: [
            msgspec.to_builtins(explain(statement, Terms()))
            for statement in read_record(data, file=name, taking=TAKING)
        ]
        for name, data in files.items()
    }


@pytest.mark.parametrize("golden", SETS)
def test_each_record_becomes_what_the_rules_say(golden: str) -> None:
    file = GOLDEN / golden
    result = explained(SETS[golden])
    if os.environ.get("GOLDEN") == "write":
        file.write_text(json.dumps(result, indent=1, ensure_ascii=True) + "\n")

    assert json.loads(file.read_text()) == json.loads(json.dumps(result))


def test_a_decision_names_the_setting_that_would_change_it() -> None:
    file, data = next(iter(SETS["made.json"].items()))
    (statement,) = read_record(data, file=file, taking=TAKING)
    assert isinstance(statement, Advisory)
    automated = msgspec.structs.replace(statement, confidence=Confidence.AUTOMATED)

    result = explain(automated, Terms())
    admitted = explain(automated, Terms(admission=Admission(automated=frozenset({"osv"}))))

    assert result.decision is Decision.SKIP
    assert "intel.automated_feeds" in result.reason
    assert admitted.decision is Decision.PUSH
