"""Which strategy a request takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from drone_deploy_ecs.core.plan.by_secret import BySecret
from drone_deploy_ecs.core.plan.rollback import Rollback
from drone_deploy_ecs.core.plan.rolling import Rolling
from drone_deploy_ecs.core.plan.schedules.strategy import WithSchedules
from drone_deploy_ecs.core.plan.strategies import strategy_for
from drone_deploy_ecs.core.plan.switch.strategy import TwoServices
from drone_deploy_ecs.core.plan.watch import Watch
from tests.core.plan.judged import REQUEST
from tests.core.plan.test_by_secret import COLOURS
from tests.core.plan.test_switch import SETTINGS

if TYPE_CHECKING:
    from drone_deploy_ecs.core.plan.strategy import Strategy
    from drone_deploy_ecs.core.request.request import Request


@pytest.mark.parametrize(
    ("request_", "strategy"),
    [
        (REQUEST, Rolling()),
        (replace(REQUEST, action="watch"), Watch()),
        (replace(REQUEST, action="rollback"), Rollback()),
        (replace(REQUEST, action="watch", blue_green=SETTINGS), Watch()),
        (replace(REQUEST, colours=COLOURS), BySecret(COLOURS)),
        (replace(REQUEST, blue_green=SETTINGS), TwoServices(SETTINGS)),
        (replace(REQUEST, schedules=("auto",)), WithSchedules(Rolling())),
        (replace(REQUEST, schedules=("auto",), blue_green=SETTINGS), WithSchedules(TwoServices(SETTINGS))),
        (replace(REQUEST, schedules=("auto",), action="watch"), Watch()),
    ],
)
def test_a_request_takes_its_actions_strategy_or_the_one_whose_settings_it_has(
    request_: Request, strategy: Strategy
) -> None:
    assert strategy_for(request_) == strategy
