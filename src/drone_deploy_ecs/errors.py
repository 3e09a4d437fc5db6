"""Every error this package raises on purpose, and the one list of exit codes."""

from enum import IntEnum

from drone_deploy_ecs.core.fault import Fault
from drone_deploy_ecs.core.problem import Problem


class ExitCode(IntEnum):
    """What the process tells the CI system. A run over several services exits with the worst of them."""

    DONE = 0
    """Completed or Unchanged: the new version is what runs."""
    BUG = 1
    """A defect of this program."""
    REFUSED = 2
    """Refused (settings, preflight, permissions): no service was changed."""
    RETURNED = 3
    """Failed, and every service touched is back on what it ran before, steady."""
    NOT_AS_BEFORE = 4
    """Failed, and something is not as it was before: someone must look."""
    SUPERSEDED = 5
    """Somebody's newer deployment took over; it was left alone."""
    LOST_SIGHT = 6
    """AWS could not be seen until the budget ended; nothing was rolled back blindly."""


class DeployError(Exception):
    """What every error of this package is."""


class Refused(DeployError):
    """The run is refused before its first write. Carries every problem found, not just the first."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class ApiError(DeployError):
    """One call to AWS failed; `fault` says how. Raised by every `EcsApi`, and by nothing else."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault
