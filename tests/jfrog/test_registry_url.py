import pytest
from hypothesis import given
from hypothesis import strategies as st

from reedbed.errors import SettingsError
from reedbed.jfrog.registry_url import FORMS, read_url
from reedbed.model.registry import Manager

BASE = "https://company.jfrog.io/artifactory"
PYPI = f"{BASE}/api/pypi/pypi-virtual/simple"
BEHIND = "https://host.example/tools/artifactory/api/go/g"


@pytest.mark.parametrize("manager", list(Manager))
def test_the_form_that_is_shown_is_taken_as_it_is(manager: Manager) -> None:
    read = read_url(manager, FORMS[manager])

    assert read.endpoint.url.rstrip("/") == FORMS[manager].rstrip("/")
    assert read.corrections == ()


@pytest.mark.parametrize(
    ("manager", "pasted", "url", "said"),
    [
        ("npm", f"{BASE}/api/npm/npm-virtual", f"{BASE}/api/npm/npm-virtual/", "slashes"),
        ("npm", "company.jfrog.io/artifactory/api/npm/npm-virtual/", f"{BASE}/api/npm/npm-virtual/", ""),
        ("npm", f"{BASE}//api/npm/npm-virtual//", f"{BASE}/api/npm/npm-virtual/", "slashes"),
        ("npm", f"{BASE}/npm-virtual/", f"{BASE}/api/npm/npm-virtual/", "/api/npm/ was missing"),
        ("npm", f"{BASE}/api/npm/npm-virtual/lodash", f"{BASE}/api/npm/npm-virtual/", "cut off"),
        ("npm", f"{BASE}/api/npm/npm-virtual/?a=b#c", f"{BASE}/api/npm/npm-virtual/", "cut off"),
        ("pypi", f"{BASE}/api/pypi/pypi-virtual/", PYPI, "/simple was missing"),
        ("pypi", f"{PYPI}/", PYPI, "slashes"),
        ("go", f"{BASE}/api/go//go-virtual", f"{BASE}/api/go/go-virtual", "slashes"),
        ("go", "https://proxy.example/api/go/go-virtual", "https://proxy.example/api/go/go-virtual", ""),
        ("go", BEHIND, BEHIND, ""),
    ],
)
def test_near_misses_are_corrected_and_said(manager: str, pasted: str, url: str, said: str) -> None:
    read = read_url(Manager(manager), pasted)

    assert read.endpoint.url == url
    assert said in "; ".join(read.corrections)
    assert bool(said) is bool(read.corrections)
    assert read_url(Manager(manager), url).corrections == ()


@pytest.mark.parametrize(
    ("manager", "pasted", "why"),
    [
        ("npm", f"{BASE}/api/pypi/pypi-virtual/simple", "for PyPI, not npm"),
        ("npm", f"{BASE}/api/storage/npm-virtual", "does not go on with npm/"),
        ("npm", "https://company.jfrog.io/ui/repos/tree/General/npm-virtual", "address of a page"),
        ("npm", "https://company.jfrog.io", "has no /api/"),
        ("npm", f"{BASE}/api/npm/", "names no repository"),
        ("npm", "https://alice:hunter2@company.jfrog.io/artifactory/api/npm/n/", "user name or a password"),
        ("npm", "http://company.jfrog.io/artifactory/api/npm/n/", "plain http"),
        ("go", f"{BASE}/api/go/../../secret", "dots"),
        ("go", f"{BASE}/api/go/%2e%2e/", "names no repository"),
    ],
)
def test_what_is_no_such_url_is_refused_with_the_form_that_is(manager: str, pasted: str, why: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read_url(Manager(manager), pasted)

    assert why in refused.value.why
    assert "hunter2" not in str(refused.value)
    assert refused.value.fix


@given(st.sampled_from(list(Manager)), st.text(max_size=80))
def test_any_text_is_read_or_refused_and_read_alike_again(manager: Manager, text: str) -> None:
    try:
        read = read_url(manager, f"{BASE}/api/{manager}/{text}")
    except SettingsError:
        return

    assert read_url(manager, read.endpoint.url).endpoint == read.endpoint
    assert read.endpoint.url.startswith(f"{BASE}/api/{manager}/")
