"""Whether what a task needs beside its images is there: secrets, parameters, roles, log groups, hooks' functions."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import Struct

from drone_deploy_ecs.core.calls.functions import GetFunctionConfiguration
from drone_deploy_ecs.core.calls.iam import ANYBODY, GetRole
from drone_deploy_ecs.core.calls.logs import DescribeLogGroups
from drone_deploy_ecs.core.calls.parameters import GetParameters
from drone_deploy_ecs.core.calls.secrets import DescribeSecret
from drone_deploy_ecs.core.ecs.fault import Fault
from drone_deploy_ecs.core.preflight.check import Finding, Result, no_answer, worst

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drone_deploy_ecs.core.calls.answers import Role, StoredSecret
    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.preflight.check import Answers

ABSENT = "isn't there"
TASKS = "ecs-tasks.amazonaws.com"
"""Who assumes a task's roles, in every partition (ECS developer guide)."""


class Needed(Struct, frozen=True, kw_only=True):
    """Something by `name`, of which one call tells; `what` says in a sentence what it is.

    `is_sure`: without it the deployment fails. A kind says what it asks (`call`), the error's code where it isn't there
    (`not_found`), what else may be wrong with an answer (`fault_in`), and what to do (`do`).
    """

    not_found: ClassVar[str] = ""
    do: ClassVar[str] = "Make it first, or check its name"

    region: str
    at: str
    name: str
    what: str
    is_sure: bool = True

    @property
    @abstractmethod
    def call(self) -> Call[Any]:
        """What is asked, of the Region `at`."""

    def fault_in(self, _answer: Any) -> str:
        """What is wrong with it, "" for nothing."""
        return ""

    def asks(self, _answers: Answers, /) -> Iterator[Call[Any]]:
        """See `Check`."""
        yield self.call

    def again(self, answers: Answers, /) -> Iterator[Call[Any]]:
        """See `Check`: what the same pipeline has just made may not be seen at once."""
        if self.is_sure and self._lack(answers.get(self.call)):
            yield self.call

    def findings(self, answers: Answers, /) -> Iterator[Finding]:
        """See `Check`."""
        answer = answers.get(self.call)
        if lack := self._lack(answer):
            yield Finding(worst(is_sure=self.is_sure), f"{self.what} {lack}", self.do)
        elif answer is None or isinstance(answer, Fault):
            yield no_answer(self.call, answer, self.what)
        else:
            yield Finding(Result.FINE, f"{self.what} is there")

    def _lack(self, answer: object) -> str:
        if isinstance(answer, Fault):
            return ABSENT if answer.code and answer.code == self.not_found else ""
        return "" if answer is None else self.fault_in(answer)


class SecretCheck(Needed, frozen=True, kw_only=True):
    """A secret of Secrets Manager, by ARN; `stage` is the staging label that is read, "" where a version is named."""

    not_found: ClassVar = DescribeSecret.NOT_FOUND
    do: ClassVar = "Give it a value first, or check its ARN in the task definition"

    stage: str = ""

    @property
    def call(self) -> DescribeSecret:
        """See `Needed`."""
        return DescribeSecret(region=self.at, name=self.name)

    def fault_in(self, answer: StoredSecret) -> str:
        """See `Needed`. Where no label is told, nothing is known of versions."""
        if answer.is_deleted:
            return "is to be deleted, and can't be read any more"
        if self.stage and answer.stages and self.stage not in answer.stages:
            return f"has no version that is {self.stage}"
        return ""


class ParameterCheck(Needed, frozen=True, kw_only=True):
    """A parameter of the Parameter Store, by name or ARN."""

    @property
    def call(self) -> GetParameters:
        """See `Needed`."""
        return GetParameters(region=self.at, names=(self.name,))

    def fault_in(self, answer: frozenset[str]) -> str:
        """See `Needed`."""
        return ABSENT if answer else ""


class RoleCheck(Needed, frozen=True, kw_only=True):
    """A role that tasks are given, by its name."""

    not_found: ClassVar = GetRole.NOT_FOUND
    do: ClassVar = f"Make a role that {TASKS} may assume, or check its name in the task definition"

    @property
    def call(self) -> GetRole:
        """See `Needed`."""
        return GetRole(region=self.at, name=self.name)

    def fault_in(self, answer: Role) -> str:
        """See `Needed`."""
        return "" if {TASKS, ANYBODY} & answer.trusts else f"doesn't trust {TASKS}"


class LogGroupCheck(Needed, frozen=True, kw_only=True):
    """A log group that a container's log goes to."""

    do: ClassVar = "Make it first, or set awslogs-create-group in the container's logConfiguration"

    @property
    def call(self) -> DescribeLogGroups:
        """See `Needed`."""
        return DescribeLogGroups(region=self.at, group=self.name)

    def fault_in(self, answer: bool) -> str:  # noqa: FBT001  it is what AWS answered
        """See `Needed`."""
        return "" if answer else ABSENT


class HookCheck(Needed, frozen=True, kw_only=True):
    """The function of a lifecycle hook, by its ARN."""

    not_found: ClassVar = GetFunctionConfiguration.NOT_FOUND
    do: ClassVar = "Make it first, or take the hook out of the service"

    @property
    def call(self) -> GetFunctionConfiguration:
        """See `Needed`."""
        return GetFunctionConfiguration(region=self.at, name=self.name)
