from jfrog_standin.server import Running
from standin.conftest import Client

OPEN = (
    "/router/api/v1/system/health",
    "/artifactory/api/system/ping",
    "/access/api/v1/system/ping",
    "/xray/api/v1/system/ping",
    "/xray/api/v1/system/version",
    "/xray/api/v1/system/liveness",
    "/xray/api/v1/system/readiness",
)


async def test_pings_and_xrays_version_answer_anybody_and_prove_no_token(ask: Client) -> None:
    nobody = [(await ask("GET", path, token=None)).status for path in OPEN]
    wrong = [(await ask("GET", path, token="wrong")).status for path in OPEN]

    assert nobody == wrong == [200] * len(OPEN)


async def test_ping_is_text_in_artifactory_and_json_in_xray(ask: Client) -> None:
    artifactory = await ask("GET", "/artifactory/api/system/ping", token=None)
    xray = await ask("GET", "/xray/api/v1/system/ping", token=None)

    assert artifactory.text == "OK"
    assert xray.json == {"status": "pong"}


async def test_artifactorys_version_wants_a_user(ask: Client) -> None:
    nobody = await ask("GET", "/artifactory/api/system/version", token=None)
    admin = await ask("GET", "/artifactory/api/system/version")

    assert nobody.status == 401
    assert set(admin.json) >= {"version", "revision", "addons"}
    assert admin.headers["X-JFrog-Version"] == f"Artifactory/{admin.json['version']}"


async def test_a_switch_makes_xrays_version_want_a_user(ask: Client, standin: Running) -> None:
    standin.platform.switch(xray_version_needs_user=True)

    nobody = await ask("GET", "/xray/api/v1/system/version", token=None)
    admin = await ask("GET", "/xray/api/v1/system/version")

    assert (nobody.status, admin.status) == (401, 200)


async def test_without_xray_all_below_its_path_is_missing(ask: Client, standin: Running) -> None:
    standin.platform.switch(xray_missing=True)

    ping = await ask("GET", "/xray/api/v1/system/ping")
    events = await ask("POST", "/xray/api/v1/events", json={})
    artifactory = await ask("GET", "/artifactory/api/system/ping")

    assert (ping.status, events.status, artifactory.status) == (404, 404, 200)


async def test_a_wrong_prefix_gets_a_login_page_with_200(ask: Client, standin: Running) -> None:
    page = await ask("GET", "/api/system/ping")
    standin.platform.switch(login_page=False)
    missing = await ask("GET", "/api/system/ping")

    assert (page.status, missing.status) == (200, 404)
    assert page.headers["Content-Type"].startswith("text/html")


async def test_an_unknown_path_of_a_service_is_missing_in_its_own_shape(ask: Client) -> None:
    artifactory = await ask("GET", "/artifactory/api/nothing/here")
    access = await ask("GET", "/access/api/v1/nothing")
    xray = await ask("GET", "/xray/api/v1/nothing")

    assert artifactory.json["errors"][0]["status"] == 404
    assert access.json["errors"][0]["code"] == "NOT_FOUND"
    assert (xray.status, xray.text) == (404, "404 page not found")


async def test_a_platform_that_sleeps_redirects_everything_to_a_page_that_says_so(
    ask: Client, standin: Running
) -> None:
    standin.platform.switch(asleep=True)

    asked = await ask("POST", "/xray/api/v1/events", json={})
    page = await ask("GET", asked.headers["Location"].removeprefix(standin.url))

    assert asked.status == 302
    assert "/reactivate-server" in asked.headers["Location"]
    assert page.status == 200


async def test_a_skewed_clock_shows_in_the_date_header(ask: Client, standin: Running) -> None:
    straight = await ask("GET", "/xray/api/v1/system/ping")
    standin.platform.switch(clock_skew_s=86_400.0 * 365)
    skewed = await ask("GET", "/xray/api/v1/system/ping")

    assert straight.headers["Date"][12:16] != skewed.headers["Date"][12:16]


async def test_the_log_says_who_asked_what_with_which_token_and_never_the_token(
    ask: Client, standin: Running
) -> None:
    issued = standin.platform.access.issue("admin", reference=True)
    await ask("GET", "/xray/api/v2/events/RB-1", token=issued.reference_token)
    await ask("GET", "/xray/api/v2/policies", token="no-such-token")

    known, unknown = standin.platform.log.entries(path="/xray")
    raw = (await ask.control("GET", "/log")).text

    assert known.subject.endswith("/users/admin")
    assert known.token_id == issued.token.token_id
    assert (known.method, known.route, known.status) == ("GET", "/xray/api/v2/events/{id}", 404)
    assert (unknown.subject, unknown.token_id, unknown.status) == ("", None, 401)
    assert issued.access_token not in raw
    assert str(issued.reference_token) not in raw
    assert "no-such-token" not in raw


async def test_requests_are_counted_by_route_and_found_by_subject(ask: Client, standin: Running) -> None:
    for _ in range(3):
        await ask("GET", "/xray/api/v1/system/ping", token=None)
    await ask("GET", "/xray/api/v1/system/ping")

    counts = (await ask.control("GET", "/counts")).json
    of_admin = (await ask.control("GET", "/log?subject=admin")).json
    await ask.control("DELETE", "/log")

    assert counts == {"GET /xray/api/v1/system/ping": 4}
    assert len(of_admin) == 1
    assert standin.platform.log.entries() == []


async def test_the_control_api_wants_its_own_token(ask: Client) -> None:
    as_admin = await ask("GET", "/standin/api/faults")
    as_nobody = await ask("GET", "/standin/api/log", token=None)

    assert (as_admin.status, as_nobody.status) == (401, 401)


async def test_switches_are_changed_by_the_control_api_and_checked(ask: Client, standin: Running) -> None:
    changed = await ask.control("PATCH", "/switches", {"mode": "silent", "latency_ms": 0})
    unknown = await ask.control("PATCH", "/switches", {"mood": "silent"})
    wrong = await ask.control("PATCH", "/switches", {"mode": "loud"})
    endless = await ask.control("PATCH", "/switches", {"clock_skew_s": 1e300})

    assert changed.json["mode"] == standin.platform.switches.mode == "silent"
    assert (unknown.status, wrong.status, endless.status) == (400, 400, 400)


async def test_users_groups_and_tokens_are_made_by_the_control_api(ask: Client) -> None:
    group = {"name": "deployers", "grants": [{"repo": "npm-*", "actions": ["manage_xray_metadata"]}]}
    await ask.control("PUT", "/groups", group)
    await ask.control("PUT", "/users", {"name": "alice", "password": "secret", "groups": ["deployers"]})
    made = await ask.control("POST", "/tokens", {"username": "alice"})
    missing = await ask.control("POST", "/tokens", {"username": "bob"})

    tried = await ask("POST", "/xray/api/v1/events", token=made.json["access_token"], json={})

    assert (made.status, missing.status) == (201, 400)
    assert tried.status == 400
