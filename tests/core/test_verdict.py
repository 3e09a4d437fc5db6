"""Which verdicts are good, and what a run's outcomes add up to."""

from __future__ import annotations

import pytest

from drone_deploy_ecs.core.exit_code import ExitCode
from drone_deploy_ecs.core.verdict import EndState, Verdict, exit_code

GOOD = {Verdict.UNCHANGED, Verdict.COMPLETED}
FAILS_THE_RUN = {Verdict.ROLLED_BACK, Verdict.FAILED, Verdict.TIMED_OUT, Verdict.REFUSED}


@pytest.mark.parametrize("verdict", Verdict)
def test_which_verdicts_are_good_and_which_fail_the_run(verdict: Verdict) -> None:
    assert verdict.is_good is (verdict in GOOD)
    assert verdict.fails_the_run is (verdict in FAILS_THE_RUN)


WORST_FIRST = (
    (EndState.NOT_AS_BEFORE, 4), (EndState.UNSEEN, 6), (EndState.AS_BEFORE, 3), (EndState.LEFT, 4), (EndState.SOMEBODY_ELSES, 5), (EndState.NEW, 0),
    (EndState.GAVE_WAY, 0),
)  # fmt: skip


@pytest.mark.parametrize("place", range(len(WORST_FIRST)))
def test_a_run_exits_with_the_worst_of_how_its_services_stand(place: int) -> None:
    assert exit_code([now for now, _ in reversed(WORST_FIRST[place:])]) == WORST_FIRST[place][1]


def test_a_run_that_left_some_untouched_is_not_done() -> None:
    assert exit_code([]) is ExitCode.REFUSED
    assert exit_code([EndState.UNTOUCHED]) is ExitCode.REFUSED
    assert exit_code([EndState.NEW, EndState.UNTOUCHED]) is ExitCode.RETURNED
    assert exit_code([EndState.NEW, EndState.UNTOUCHED, EndState.UNSEEN]) is ExitCode.LOST_SIGHT
