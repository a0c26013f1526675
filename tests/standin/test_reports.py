"""Reports: ordered, waited for, read by pages, limited and deleted."""

from typing import Any

import pytest

from jfrog_standin.server import Running
from jfrog_standin.xray.scan import Risk, Scan
from standin.conftest import Answer, Client
from standin.scans import MOMENT, OPENSSL, SHELL, issue, put_image

BASE = "/xray/api/v1/reports"
PAGE = "direction=asc&page_num=1&num_of_rows=100&order_by=severity"


async def ordered(ask: Client, kind: str = "vulnerabilities", **filters: Any) -> Answer:
    body = {"name": "weekly", "resources": {"repositories": [{"name": "docker-local"}]}, "filters": filters}
    return await ask("POST", f"{BASE}/{kind}", json=body)


async def rows(
    ask: Client, kind: str = "vulnerabilities", *, version: int = 1, **filters: Any
) -> list[dict[str, Any]]:
    number = (await ordered(ask, kind, **filters)).json["report_id"]
    while (await ask("GET", f"{BASE}/{number}")).json["status"] != "completed":
        pass
    answer = await ask("POST", f"/xray/api/v{version}/reports/{kind}/{number}?{PAGE}")
    assert answer.status == 200, answer.text
    assert answer.json["total_rows"] == len(answer.json["rows"])
    return list(answer.json["rows"])


async def test_a_report_has_a_row_for_each_component_of_an_issue(standin: Running, ask: Client) -> None:
    put_image(standin, "1.0", Scan(issues=(issue(1, OPENSSL, SHELL),)))

    found = await rows(ask)

    assert [row["vulnerable_component"] for row in found] == [OPENSSL.uri, SHELL.uri]
    assert found[0]["impacted_artifact"] == "docker://team/app:1.0"
    assert found[0]["path"] == "docker-local/team/app/1.0/manifest.json"
    assert found[0]["cves"] == [
        {"cve": "CVE-2026-0001", "cvss_v3_score": 7.5, "cvss_v3_vector": "CVSS:3.1/AV:N"}
    ]
    assert found[0]["applicability_result"] == "not_applicable"


async def test_the_second_version_has_lists(standin: Running, ask: Client) -> None:
    put_image(standin, "1.0", Scan(issues=(issue(),)))

    (row,) = await rows(ask, version=2)

    assert row["vulnerable_components"] == [MOMENT.uri]
    assert "vulnerable_component" not in row


@pytest.mark.parametrize(
    ("filters", "number"),
    [
        ({"severities": ["High"]}, 2),
        ({"severities": ["Low"]}, 0),
        ({"issue_id": "XRAY-2"}, 1),
        ({"cve": "CVE-2026-0001"}, 1),
        ({"cvss_score": {"min_score": 8, "max_score": 10}}, 0),
        ({"has_remediation": False}, 0),
        ({"vulnerable_component": "mom*"}, 2),
        ({"scan_date": {"start": "2100-01-01T00:00:00Z"}}, 0),
        ({"published": {"end": "2026-02-01T00:00:00Z"}}, 2),
    ],
)
async def test_filters_narrow_a_report(
    standin: Running, ask: Client, filters: dict[str, Any], number: int
) -> None:
    put_image(standin, "1.0", Scan(issues=(issue(1), issue(2))))

    assert len(await rows(ask, **filters)) == number


async def test_a_report_is_waited_for(standin: Running, ask: Client) -> None:
    standin.platform.switch(report_polls=2)
    put_image(standin, "1.0")
    number = (await ordered(ask)).json["report_id"]

    early = await ask("POST", f"{BASE}/vulnerabilities/{number}?{PAGE}")
    states = [(await ask("GET", f"{BASE}/{number}")).json["status"] for _ in range(3)]

    assert early.status == 400
    assert states == ["pending", "running", "completed"]


async def test_only_so_many_reports_are_kept(standin: Running, ask: Client) -> None:
    standin.platform.switch(report_limit=2)
    put_image(standin, "1.0")
    first = (await ordered(ask)).json["report_id"]
    await ordered(ask)

    over = await ordered(ask)
    await ask("DELETE", f"{BASE}/{first}")
    again = await ordered(ask)

    assert (over.status, again.status) == (429, 200)
    assert (await ask("GET", BASE)).json["total_reports"] == 2


async def test_all_four_parameters_of_a_page_are_mandatory(standin: Running, ask: Client) -> None:
    standin.platform.switch(report_polls=0)
    put_image(standin, "1.0")
    number = (await ordered(ask)).json["report_id"]

    answer = await ask("POST", f"{BASE}/vulnerabilities/{number}?page_num=1&num_of_rows=10")

    assert answer.status == 400
    assert "direction, order_by" in answer.text


async def test_reports_want_their_own_role_and_may_be_off(standin: Running, ask: Client) -> None:
    as_reader = await ask("GET", BASE, basic=("reader", "password"))
    standin.platform.switch(reports=False)
    off = await ask("GET", BASE)

    assert (as_reader.status, off.status) == (403, 412)


async def test_licences_risks_and_exposures_are_reported_too(standin: Running, ask: Client) -> None:
    put_image(standin, "1.0", Scan(components=(MOMENT,), risks=(Risk(component_id=MOMENT.uri),)))

    assert (await rows(ask, "operationalRisks"))[0]["component"] == MOMENT.uri
    assert await rows(ask, "licenses") == []
    assert await rows(ask, "exposures") == []
    assert await rows(ask, "violations") == []
