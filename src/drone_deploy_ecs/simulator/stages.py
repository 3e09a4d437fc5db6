"""The stages of a service deployment as a table: what each has done before it is over. Nothing here does it.

Order and meaning: developer guide, "Deployment lifecycle stages", and the API reference of `lifecycleStage`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from drone_deploy_ecs.simulator.shifting import Shifting

WHOLE = 100.0


class Stage(NamedTuple):
    """One stage. It is over when all of this is done, and its hooks have answered.

    `production` and `test`: per cent of the listener's traffic that the target gets. `bake`: minutes to wait then.
    `starts`: what is kept is complete and healthy. `clears`: everything else is gone.
    """

    name: str
    production: float | None = None
    test: float | None = None
    bake: float = 0.0
    starts: bool = False
    clears: bool = False

    @property
    def shifts(self) -> bool:
        """Whether it moves traffic."""
        return self.production is not None or self.test is not None


RECONCILE = Stage("RECONCILE_SERVICE", production=0.0, test=0.0, clears=True)
"""Only where more than one revision is active at the start. Unconfirmed: what it does; simulated: traffic returns to
the last deployment that was successful, and what was superseded goes."""
SCALE_UP = Stage("SCALE_UP", starts=True)
CLEAN_UP = Stage("CLEAN_UP", clears=True)
BEFORE = (
    Stage("PRE_SCALE_UP"),
    SCALE_UP,
    Stage("POST_SCALE_UP"),
    Stage("TEST_TRAFFIC_SHIFT", test=WHOLE),
    Stage("POST_TEST_TRAFFIC_SHIFT"),
)
PRODUCTION_BACK = Stage("PRODUCTION_TRAFFIC_SHIFT", production=0.0)
TEST_BACK = Stage("TEST_TRAFFIC_SHIFT", test=0.0)
"""The two stages are run again on the way back, with their Lambda hooks (developer guide, lifecycle hooks)."""

Steps = tuple[tuple[float, float], ...]


def _linear(shifting: Shifting) -> Steps:
    """Equal steps; the last one has no bake of its own."""
    percent, bake = shifting.percent("LINEAR"), shifting.step_bake("LINEAR")
    count = int(-(-WHOLE // percent))
    return (*((round(float(percent * number), 1), bake) for number in range(1, count)), (WHOLE, 0))


def _canary(shifting: Shifting) -> Steps:
    """One small step, and the rest."""
    return ((float(shifting.percent("CANARY")), shifting.step_bake("CANARY")), (WHOLE, 0))


STEPS: Mapping[str, Callable[[Shifting], Steps]] = {
    "BLUE_GREEN": lambda _: ((WHOLE, 0),),
    "LINEAR": _linear,
    "CANARY": _canary,
}
"""Per cent of production traffic and minutes of bake, step by step."""


def forward(strategy: str, shifting: Shifting, *, reconciles: bool) -> tuple[Stage, ...]:
    """The stages of a deployment that goes well."""
    steps = (
        stage
        for percent, bake in STEPS[strategy](shifting)
        for stage in (
            Stage("PRE_PRODUCTION_TRAFFIC_SHIFT"),
            Stage("PRODUCTION_TRAFFIC_SHIFT", production=percent, bake=bake),
        )
    )
    bake = Stage("BAKE_TIME", bake=shifting.bake_minutes)
    first = (RECONCILE,) if reconciles else ()
    return (*first, *BEFORE, *steps, Stage("POST_PRODUCTION_TRAFFIC_SHIFT"), bake, CLEAN_UP)
