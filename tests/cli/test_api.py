"""The names for programs: settings become the same request, and what is wrong with them is told."""

from __future__ import annotations

import time

import pytest

from drone_deploy_ecs import ExitCode, Refused, Verdict, deploy, request
from drone_deploy_ecs.run.system import SystemClock
from drone_deploy_ecs.settings.resolve import resolve

ASKED = {"aws_region": "eu-west-1", "cluster": "prod", "container": "app", "image": "shop:2"}


def test_settings_are_those_of_the_command() -> None:
    ours = request(**ASKED, service=["web", "worker"], skip_unchanged=True, log_lines=5, timeout="5m")
    texts = {**ASKED, "service": "web,worker", "skip_unchanged": "true", "log_lines": "5", "timeout": "5m"}
    assert ours == resolve(texts, {})[0]
    assert ours.skip_unchanged
    assert not request(**ASKED, service="web", skip_unchanged=False).skip_unchanged


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(Refused) as refusal:
        request(cluster="prod", timeout="soon")
    told = [problem.what for problem in refusal.value.problems]
    assert len(told) == 5
    assert told[0] == "aws_region isn't set"


def test_a_misspelt_setting_is_refused_with_a_hint() -> None:
    with pytest.raises(Refused, match=r"clutser isn't a setting.*cluster"):
        request(**ASKED, service="web", clutser="prod")
    with pytest.raises(Refused, match="action isn't a setting"):
        request(**ASKED, service="web", action="plan")  # a program calls what it wants done


def test_a_dry_run_is_refused_since_a_program_would_deploy() -> None:
    with pytest.raises(Refused, match="dry_run prints a plan"):
        request(**ASKED, service="web", dry_run=True)


def test_what_is_only_dubious_is_a_warning() -> None:
    with pytest.warns(UserWarning, match="disable_rollbacks is false, so rollbacks are on"):
        request(**ASKED, service="web", disable_rollbacks=False)


def test_the_environment_tells_the_region_but_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("PLUGIN_CLUSTER", "elsewhere")
    ours = request(cluster="prod", service="web", container="app", image="shop:2")
    assert (ours.access.region, ours.cluster) == ("eu-central-1", "prod")


def test_a_refusal_by_aws_is_in_the_report() -> None:
    heard: list[str] = []
    report = deploy(request(**ASKED, service="web"), listener=lambda event: heard.append(event.text))
    assert (report.verdict, report.exit_code) == (Verdict.REFUSED, ExitCode.REFUSED)
    assert heard[-1] == "Refused: nothing was changed."
    assert deploy(request(**ASKED, service="web")).verdict is Verdict.REFUSED


def test_where_aws_cannot_even_be_asked_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nowhere")
    report = deploy(request(**ASKED, service="web"))
    assert report.verdict is Verdict.REFUSED
    assert [one.do for one in report.problems] == ["Check the credentials and aws_region"]


def test_a_clock_without_signals_sleeps() -> None:
    clock = SystemClock()
    began = time.monotonic()
    clock.sleep(0.01)
    clock.sleep(-1)
    assert 0.01 <= clock.monotonic() - began < 5
