"""What every check answers: what it asks of AWS, and what it concludes from the answers."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

from drone_deploy_ecs.core.calls.call import Call
from drone_deploy_ecs.core.ecs.fault import Fault, FaultKind
from drone_deploy_ecs.core.ecs.names import read_arn
from drone_deploy_ecs.core.ecs.taskdef import HasBody
from drone_deploy_ecs.core.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from drone_deploy_ecs.core.ecs.service import Service

Answers = Mapping[Call[Any], Any]
"""Calls with what they were answered: a value, or a Fault. What wasn't answered in time isn't in it."""


class Result(Enum):
    """What a check comes to."""

    FINE = "fine"
    DOOMED = "doomed"
    """The deployment would surely fail: it is refused."""
    WARNING = "warning"
    UNKNOWN = "couldn't look"


class Finding(Struct, frozen=True):
    """What a check found, as a sentence without its full stop, and what to do about it.

    `permission` is the one that was lacking, where that is why it couldn't look. `is_told`: a run says so, too, and not
    only its plan.
    """

    result: Result
    what: str
    do: str = ""
    permission: str = ""
    is_told: bool = True

    @property
    def problem(self) -> Problem:
        """It as a reason to refuse, or to warn."""
        return Problem(self.what, self.do)


class Check(Protocol):
    """One question about what is to run, as a frozen value. Everything here is pure."""

    @property
    def region(self) -> str:
        """The Region of the run whose account is asked; a call may go to another one."""

    def asks(self, answers: Answers, /) -> Iterator[Call[Any]]:
        """What is to be read; asked again with the answers until it asks nothing new."""

    def again(self, answers: Answers, /) -> Iterator[Call[Any]]:
        """What was read, and isn't there yet: it may come a little later, being replicated or just made."""

    def findings(self, answers: Answers, /) -> Iterator[Finding]:
        """What that means."""


class Subject(HasBody, Struct, frozen=True, kw_only=True):
    """A service that is to be updated: `name` is what people read for it, `desired` how many tasks it is to have.

    `body` is the task definition that it is to run, `before` the one that it settled on last, empty for none.
    """

    name: str
    region: str
    service: Service
    desired: int
    body: Mapping[str, Any]
    before: Mapping[str, Any]

    def __repr__(self) -> str:
        """Without the task definitions: they have environment values, which no traceback may show."""
        return f"Subject({self.name!r}, {self.region!r})"

    @property
    def account(self) -> str:
        """The account that it is in; "" where its ARN doesn't tell."""
        arn = read_arn(self.service.arn)
        return arn.account if arn else ""

    @property
    def architecture(self) -> str:
        """The processor that its tasks run on, by ECS's name; "" where only their instances tell."""
        platform = self.body.get("runtimePlatform") or {}
        return str(platform.get("cpuArchitecture") or ("X86_64" if self.service.is_fargate else ""))


def told(findings: Iterable[Finding]) -> Iterator[Problem]:
    """What a run says of them: its warnings, and in one line which permissions are lacking."""
    findings = tuple(findings)
    yield from (finding.problem for finding in findings if finding.result is Result.WARNING)
    hidden = (finding for finding in findings if finding.result is Result.UNKNOWN and finding.is_told)
    if lacking := sorted({finding.permission for finding in hidden if finding.permission}):
        yield Problem(
            f"preflight couldn't look at everything without {', '.join(lacking)}", "Allow it, or set preflight to image"
        )


def no_answer(call: Call[Any], answer: object, what: str, *, is_told: bool = True) -> Finding:
    """For where `what` couldn't be looked at: AWS didn't answer (None), or with a fault."""
    if not isinstance(answer, Fault):
        return Finding(Result.UNKNOWN, f"{what}: no answer in time", is_told=False)
    if answer.kind is FaultKind.DENIED:
        lacking = f"{what}: {call.permission} isn't allowed"
        return Finding(Result.UNKNOWN, lacking, permission=call.permission, is_told=is_told)
    why = answer.code or answer.kind.value
    return Finding(Result.UNKNOWN, f"{what}: {call.operation}: {why}", is_told=False)


def worst(*, is_sure: bool) -> Result:
    """What to make of something that is missing."""
    return Result.DOOMED if is_sure else Result.WARNING
