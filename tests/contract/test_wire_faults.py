"""Calls harmed on the wire, between the real client and the simulator: what a run claims stays true.

No write is repeated that had its effect. microburst, which nobody here wrote, does the harm: it closes connections
before or after the effect, delays, throttles, answers 5xx, halves and garbles. But it closes with FIN, never with RST,
sends a whole head always, and speaks in AWS's form; so resets, cut heads and other people's pages are the work of
`middlebox.py`. Every harm is counted: one that was never done fails its test.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract import wire
from tests.contract.middlebox import CERTIFICATE, Harm, Middlebox, page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.wire import Account, Microburst

pytestmark = pytest.mark.xdist_group("microburst")  # one proxy, which takes seconds to start
READS = ("DescribeServices", "DescribeTaskDefinition", "ListTasks", "DescribeTasks")
WRITES = ("RegisterTaskDefinition", "UpdateService")
# Delays are in real milliseconds: longer than our time-out, and short enough for the effect to be seen before we write
# again.
FAULTS: dict[str, dict[str, Any]] = {
    "closed before the effect": {"reset": True},
    "closed after the effect": {"response": {"abort_bytes": 0}},
    "closed in the middle of the answer": {"response": {"abort_frac": 0.5}},
    "half an answer that looks whole": {"response": {"truncate_frac": 0.5}},
    "an empty answer": {"response": {"truncate_bytes": 0}},
    "a garbled answer": {"response": {"corrupt_bytes": 20}},
    "an effect after our time-out": {"latency": 600},
    "an answer after our time-out": {"response": {"bandwidth_kbps": 1}},
    "throttled": {"error": {"code": "ThrottlingException", "message": "Rate exceeded"}},
    "a server error": {"error": {"code": "ServerException", "status": 500}},
    "a gateway's time-out": {"timeout_ms": 50},
}


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    with wire.account() as found:
        yield found


@pytest.fixture(scope="module")
def proxy(account: Account) -> Iterator[Microburst]:
    with wire.microburst(account.server.url) as found:
        found.warm_up()
        yield found


@pytest.fixture
def through_proxy(proxy: Microburst, monkeypatch: pytest.MonkeyPatch) -> Microburst:
    wire.point_at(monkeypatch, proxy.url)
    return proxy


def was_deployed(account: Account, name: str, ran: wire.Ran) -> None:
    assert ran.exit_code == 0, ran.stderr
    assert ran.last_line == f"Completed: {name} runs {name}:2 (2 of 2 tasks)."
    assert account.revisions(name) == [f"{name}:1", f"{name}:2"]
    assert account.deployments(name) == [f"{name}:1", f"{name}:2"]
    assert account.runs(name) == {f"{name}:2": 2}


def was_taken_back(account: Account, name: str, ran: wire.Ran) -> None:
    assert ran.exit_code == 3, ran.stderr
    assert ran.last_line == f"Failed: {name} is back on {name}:1 (2 of 2 tasks), as before."
    assert account.revisions(name) == [f"{name}:1", f"{name}:2"]
    assert account.deployments(name) == [f"{name}:1", f"{name}:2", f"{name}:1"]
    assert account.runs(name) == {f"{name}:1": 2}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_write_is_made_once_there_and_back(account: Account, through_proxy: Microburst, fault: str) -> None:
    name = account.add_service()
    there, back = (f"ends_with(taskDefinition, '{name}:{revision}')" for revision in (2, 1))
    through_proxy.set_rules(
        {"operation": "RegisterTaskDefinition", "times": 1, **FAULTS[fault]},
        {"operation": "UpdateService", "body": there, "times": 1, **FAULTS[fault]},
        {"operation": "UpdateService", "body": back, "times": 1, **FAULTS[fault]},
    )
    ran = wire.deploy(name, "shop:crash")
    assert through_proxy.fired() == ["RegisterTaskDefinition", "UpdateService", "UpdateService"]
    was_taken_back(account, name, ran)


@pytest.mark.parametrize("fault", [one for one in FAULTS if one != "an effect after our time-out"])
def test_every_other_read_is_harmed_and_the_verdict_is_true(
    account: Account, through_proxy: Microburst, fault: str
) -> None:
    name = account.add_service()
    every_other = {"sequence": {"fail": 1, "pass": 1}, **FAULTS[fault]}
    through_proxy.set_rules(*({"operation": one, **every_other} for one in READS))
    ran = wire.deploy(name, "shop:crash")
    harmed = Counter(through_proxy.fired())
    assert all(harmed[one] for one in READS), harmed
    was_taken_back(account, name, ran)


LOGIN = page(200, b"<html>Please log in to the guest network</html>")
HARMS = {
    "reset after the effect": Harm(resets=True),
    "reset within the status line": Harm(keep=7, resets=True),
    "closed within the head": Harm(keep=40),
    "reset within the body": Harm(keep=300, resets=True),
    "somebody's login page": Harm(instead=LOGIN),
    "a page that isn't an object": Harm(instead=page(200, b'["moved"]', "application/json")),
    "an answer without content": Harm(instead=page(200, b"{}", "application/json")),
    "a definition without a name": Harm(
        instead=page(200, b'{"taskDefinition":{"taskDefinitionArn":null}}', "application/json")
    ),
    "a request time-out": Harm(instead=page(408, b"<html>Request Timeout</html>")),
    "a proxy's own refusal": Harm(instead=page(403, b"<html>blocked by policy</html>")),
    "a redirection": Harm(instead=page(302, b"")),
    "a bad gateway": Harm(instead=page(502, b'"bad gateway"', "application/json")),
    "AWS's own trouble as a refusal": Harm(instead=page(400, b'{"__type":"ServerException"}', "application/json")),
    "half a refusal": Harm(instead=page(400, b'{"__type":"AccessDen', "application/json")),
    "not even HTTP": Harm(instead=b"SSH-2.0-OpenSSH_9.2\r\n"),
}


@pytest.mark.parametrize("harm", HARMS)
def test_an_answer_that_is_none_says_nothing_about_the_call(
    account: Account, monkeypatch: pytest.MonkeyPatch, harm: str
) -> None:
    name = account.add_service()
    every_call = ("DescribeServices", "DescribeTaskDefinition", *WRITES)
    with Middlebox(account.server.server_port, {key: [HARMS[harm]] for key in every_call}) as box:
        wire.point_at(monkeypatch, box.url)
        ran = wire.deploy(name, "shop:2")
    assert box.harmed == list(every_call)
    was_deployed(account, name, ran)


@pytest.mark.parametrize("operation", ["DescribeServices", "DescribeTaskDefinition"])
@pytest.mark.parametrize(
    "harm", ["somebody's login page", "a page that isn't an object", "a proxy's own refusal", "a redirection"]
)
def test_what_answers_in_awss_place_is_said_at_once(
    account: Account, monkeypatch: pytest.MonkeyPatch, harm: str, operation: str
) -> None:
    name = account.add_service()
    with Middlebox(account.server.server_port, {operation: [HARMS[harm]] * 20}) as box:
        wire.point_at(monkeypatch, box.url)
        ran = wire.deploy(name, "shop:2")
    assert box.harmed == [operation] * 2
    assert ran.exit_code == 2
    assert f"{operation}: " in ran.stderr
    assert "Look at what answers in AWS's place: a proxy" in ran.stderr
    assert account.deployments(name) == [f"{name}:1"]


@pytest.mark.parametrize("status", [408, 429, 502])
def test_what_a_proxy_says_for_a_while_is_waited_for(
    account: Account, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    name = account.add_service()
    busy = Harm(instead=page(status, b"<html>Try again later</html>"))
    with Middlebox(account.server.server_port, {"DescribeServices": [busy] * 4}) as box:
        wire.point_at(monkeypatch, box.url)
        ran = wire.deploy(name, "shop:2")
    was_deployed(account, name, ran)


@pytest.mark.parametrize("harm", [Harm(forged=True), Harm(keep=7), Harm(resets=True)], ids=["forged", "cut", "reset"])
def test_tls_that_breaks_after_the_effect_leaves_the_call_in_doubt(
    account: Account, monkeypatch: pytest.MonkeyPatch, harm: Harm
) -> None:
    name = account.add_service()
    monkeypatch.setenv("AWS_CA_BUNDLE", str(CERTIFICATE))
    with Middlebox(account.server.server_port, {key: [harm] for key in WRITES}, tls=True) as box:
        wire.point_at(monkeypatch, box.url)
        ran = wire.deploy(name, "shop:2")
    assert box.harmed == list(WRITES)
    was_deployed(account, name, ran)


def test_a_certificate_that_nobody_trusts_says_so(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    name = account.add_service()
    with Middlebox(account.server.server_port, {}, tls=True) as box:
        wire.point_at(monkeypatch, box.url)
        ran = wire.deploy(name, "shop:2")
    assert ran.exit_code == 2
    assert "CERTIFICATE_VERIFY_FAILED" in ran.stderr
    assert "Check aws_region and the network" in ran.stderr
    assert account.deployments(name) == [f"{name}:1"]
