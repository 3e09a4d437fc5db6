"""How a service stands, in a clause."""

from __future__ import annotations

import pytest

from drone_deploy_ecs.core.report.outcome import Outcome
from drone_deploy_ecs.core.report.sentences import stands
from drone_deploy_ecs.core.verdict import EndState, Verdict
from tests.core.shown import BEFORE, NEW, OURS, TARGET, primary, service


@pytest.mark.parametrize(
    ("deployment", "definition", "text"),
    [
        (OURS, NEW, "web was left rolling out to web:2: it runs web:2 (2 of 2 tasks)"),
        (OURS, "", "web was left rolling out to the new revision: it runs web:2 (2 of 2 tasks)"),
        ("", BEFORE, "web was left as it was then: it runs web:2 (2 of 2 tasks)"),
    ],
)
def test_only_a_deployment_is_left_rolling_out(deployment: str, definition: str, text: str) -> None:
    outcome = Outcome(
        target=TARGET, verdict=Verdict.CANCELLED, end_state=EndState.LEFT, service=service(primary()),
        deployment=deployment, definition=definition,
    )  # fmt: skip
    assert stands(outcome) == text
