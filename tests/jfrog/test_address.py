import pytest
from hypothesis import given
from hypothesis import strategies as st

from reedbed.errors import SettingsError
from reedbed.jfrog.address import KNOWN_PREFIXES, is_loopback, platform_url

HOSTS = st.sampled_from(["company.jfrog.io", "jfrog.example", "127.0.0.1", "[::1]", "xn--bcher-kva.example"])
SEGMENTS = st.sampled_from(["tools", "jfrog", "team-a", "x"])
TAILS = st.sampled_from(
    [
        *("", "/", "//", "/artifactory", "/artifactory/", "/artifactory/api/npm/npm-remote/", "/xray"),
        *("/ui", "/ui/login/", "/ui/repos/tree/General/npm-local?clearFilter=true", "/webapp/#/home"),
        *("/access/api/v1/tokens", "/router/api/v1/system/health", "//artifactory//api", "?a=b", "#top"),
    ]
)


@pytest.mark.parametrize(
    ("pasted", "url"),
    [
        ("company.jfrog.io", "https://company.jfrog.io"),
        (" https://company.jfrog.io/ ", "https://company.jfrog.io"),
        ("https://company.jfrog.io:443/artifactory/", "https://company.jfrog.io"),
        ("HTTPS://Company.JFrog.IO/ui/login/?redirect=x", "https://company.jfrog.io"),
        ("https://host.example:8082/webapp/#/home", "https://host.example:8082"),
        ("https://host.example/tools/jfrog/artifactory/api/npm/a", "https://host.example/tools/jfrog"),
        ("https://host.example//tools//artifactory", "https://host.example/tools"),
        ("https://host.example./", "https://host.example"),
        ("https://[::1]:8443/xray", "https://[::1]:8443"),
        ("https://bücher.example/ui", "https://xn--bcher-kva.example"),
        ("host.example:8082", "https://host.example:8082"),
    ],
)
def test_what_people_paste_becomes_the_platforms_url(pasted: str, url: str) -> None:
    assert platform_url(pasted) == url


@given(HOSTS, st.lists(SEGMENTS, max_size=2), TAILS)
def test_reading_a_url_again_changes_nothing_and_the_context_path_stays(
    host: str, context: list[str], tail: str
) -> None:
    context_path = "".join(f"/{segment}" for segment in context)

    url = platform_url(f"https://{host}{context_path}{tail}")

    assert url == f"https://{host}{context_path}"
    assert platform_url(url) == url


@given(st.text(max_size=60))
def test_any_text_is_either_an_https_url_or_refused(text: str) -> None:
    try:
        url = platform_url(text)
    except SettingsError:
        return

    assert url.startswith("https://")
    assert not url.endswith("/")
    assert "@" not in url.partition("://")[2].partition("/")[0]
    assert not set(url.split("/")[3:]) & KNOWN_PREFIXES
    assert platform_url(url) == url


@pytest.mark.parametrize(
    "pasted",
    [
        *("", "   ", "https://", "ftp://host.example", "file:///etc/passwd", "https://host.example:0"),
        *("https://host.example:99999", "https://ho st.example", "https://host.example/\u202eoifni"),
        *("https://host.example\\@other.example", "https://[::1", "https://host.example/a/../b"),
        "https://host.example/" + "a" * 3_000,
    ],
)
def test_what_is_no_address_is_refused(pasted: str) -> None:
    with pytest.raises(SettingsError):
        platform_url(pasted)


@pytest.mark.parametrize("pasted", ["https://admin:hunter2@host.example", "https://hunter2@host.example/ui"])
def test_a_password_in_the_url_is_refused_and_not_repeated(pasted: str) -> None:
    with pytest.raises(SettingsError) as caught:
        platform_url(pasted)

    assert "hunter2" not in f"{caught.value!r} {caught.value} {caught.value.why} {caught.value.fix}"


def test_plain_http_needs_loopback_and_an_explicit_flag() -> None:
    with pytest.raises(SettingsError, match="plain http"):
        platform_url("http://host.example", plain_http_to_loopback=True)
    with pytest.raises(SettingsError, match="plain http"):
        platform_url("http://127.0.0.1:8081")

    assert platform_url("http://127.0.0.1:8081/", plain_http_to_loopback=True) == "http://127.0.0.1:8081"


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("127.8.9.1", True),
        ("[::1]", True),
        ("127.0.0.1.host.example", False),
        ("10.0.0.1", False),
        ("localhost.host.example", False),
    ],
)
def test_only_this_machine_itself_is_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
