"""Every error this package raises on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from drone_deploy_ecs.core.ecs.fault import Fault
    from drone_deploy_ecs.core.problem import Problem


class DeployError(Exception):
    """What every error of this package is."""


class Refused(DeployError):
    """The run is refused before its first write. Carries every problem found, not just the first."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class ApiError(DeployError):
    """One call to AWS failed; `fault` says how. Raised by every `ports.Aws`, and by nothing else."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault
