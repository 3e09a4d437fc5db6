"""What counts as done for a rollout, and how long it may take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a rollout is judged by; times are seconds, as in `Request`.

    `max_failed_tasks` None means that evidence decides. Once complete it has to stay so for `stable_for`. With
    `wait_for_drained` old tasks must be gone. `at_least` tasks must run, whatever the desired count is by then;
    `checks` looks in a row, `check_interval` apart, must find it complete; `must_stay`: once complete, a container that
    dies fails it until all is over.
    """

    budget: float
    max_failed_tasks: int | None = None
    stable_for: float = 0.0
    wait_for_drained: bool = True
    at_least: int = 0
    checks: int = 0
    check_interval: float = 0.0
    must_stay: bool = False

    @property
    def must_prove_stable(self) -> bool:
        """Whether a container that dies after completion is a failure."""
        return self.must_stay or self.stable_for > 0
