"""What a rollout is to come to: what counts as done, how long it may take, and what of that its step says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from drone_deploy_ecs.core.steps.step import Step

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Self

    from drone_deploy_ecs.core.request.request import OnPause
    from drone_deploy_ecs.core.target import Target


class Terms(Struct, frozen=True, kw_only=True):
    """What a rollout is judged by; times are seconds, as in `Request`.

    `max_failed_tasks` None means that evidence decides. Once complete it has to stay so for `stable_for`. With
    `wait_for_drained` old tasks must be gone, and with `wait_for_shift` all production traffic on it, where ECS shifts
    any. `on_pause` is what is done at a PAUSE hook of ECS's strategy. `at_least` tasks must run, whatever the desired
    count is by then; `checks` looks in a row, `check_interval` apart, must find it complete; `must_stay`: once it is
    complete, a container that dies fails it until all is over. `is_anybodys`: it isn't known who began it, nor who may
    take it back: any return to what ran before is one.
    """

    budget: float
    max_failed_tasks: int | None = None
    stable_for: float = 0.0
    wait_for_drained: bool = True
    wait_for_shift: bool = False
    on_pause: OnPause = "wait"
    at_least: int = 0
    checks: int = 0
    check_interval: float = 0.0
    must_stay: bool = False
    is_anybodys: bool = False

    @property
    def must_prove_stable(self) -> bool:
        """Whether a container that dies after completion is a failure."""
        return self.must_stay or self.stable_for > 0


class RolloutStep(Step, Protocol):
    """A step that leads to a rollout, as far as the rollout depends on it."""

    @property
    def target(self) -> Target:
        """The service."""

    @property
    def terms(self) -> Terms:
        """What it is judged by."""

    @property
    def desired(self) -> int | None:
        """A new desired count for the service; None leaves the one that it has."""

    @property
    def force(self) -> bool:
        """Whether a deployment is started though the revision is what runs."""

    @property
    def undoes(self) -> str:
        """In a way back, the deployment that must still be PRIMARY; "" on the way forward."""

    @property
    def since(self) -> datetime | None:
        """In a way back, AWS's time of that deployment's creation: what was before it tells nothing of the way back."""

    @property
    def must_not_write(self) -> bool:
        """Whether the service is only to be watched."""

    @property
    def build(self) -> int | None:
        """The number of the build; None where that doesn't count."""

    def over(self, known: frozenset[str], /) -> Self:
        """The same, to take the place of these deployments (their ids), too."""

    @property
    def awaits(self) -> float:
        """In a way back that must not be written, the seconds for which somebody else is waited for to begin it."""
