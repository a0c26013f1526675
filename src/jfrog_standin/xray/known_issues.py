"""A few issues of JFrog's own, which every Xray has beside the custom ones. They are read, never written.

Made up, in the shape of the custom ones: that v2 GET tells of one of JFrog's own issues whether it is a
malicious package is a field report (jmhardison/jfrog-vulnreport). They block nothing here: what JFrog's
database says of real packages is not this program's to imitate.
"""

from typing import Final

from jfrog_standin.xray.custom_issue import Component, CustomIssue, Cve, Source

WRITTEN: Final = "2026-01-02T03:04:05.000000000Z"
WRITTEN_S: Final = 1_767_323_045  # the same in Unix seconds

KNOWN: Final = {
    issue.id: issue
    for issue in (
        CustomIssue(
            id="XRAY-900001",
            type="Security",
            provider="JFrog",
            package_type="npm",
            severity="Critical",
            components=(Component(id="reed-known-malware", vulnerable_versions=("(,)",)),),
            summary="Malicious package in reed-known-malware for Node.js",
            description="An example of an issue that JFrog itself calls malicious.",
            sources=(Source(source_id="XRAY-900001", name="JFrog"),),
            issue_kind=1,
            malicious_package=True,
        ),
        CustomIssue(
            id="XRAY-900002",
            type="Security",
            provider="JFrog",
            package_type="npm",
            severity="High",
            components=(
                Component(
                    id="reed-known-flaw", vulnerable_versions=("(,2.0.0)",), fixed_versions=("[2.0.0]",)
                ),
            ),
            summary="Prototype pollution in reed-known-flaw",
            description="An example of an ordinary vulnerability.",
            cves=(Cve(cve="CVE-2026-900002", cvss_v3="7.5/CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"),),
            sources=(Source(source_id="CVE-2026-900002", name="NVD"),),
            issue_kind=1,  # JFrog's Runtime documentation shows 1 on an ordinary npm CVE
        ),
    )
}
"""Issue id → issue; `malicious_package` is what v2 reads back, whatever the switch says of custom ones."""
