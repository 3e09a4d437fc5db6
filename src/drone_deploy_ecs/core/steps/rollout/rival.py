"""What somebody else runs where we write, and of which build it is: the lower one gives way."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from drone_deploy_ecs.core.ecs.build import build_of
from drone_deploy_ecs.core.ecs.fault import Fault
from drone_deploy_ecs.core.ecs.taskdef import Definition
from drone_deploy_ecs.core.steps.attempts import is_refused


class Rival(Struct, frozen=True, kw_only=True):
    """The revision `definition` (its ARN) that PRIMARY has; once it `is_read`, its `build`, None where no tag tells."""

    definition: str
    is_read: bool = False
    build: int | None = None

    def after(self, answer: object, *, is_last_chance: bool) -> Rival | None:
        """It after the answer to DescribeTaskDefinition; None where that is to be asked again, after another look."""
        if isinstance(answer, Definition):
            return replace(self, is_read=True, build=build_of(answer.body))
        if is_last_chance or (isinstance(answer, Fault) and is_refused(answer)):
            return replace(self, is_read=True)
        return None

    def is_lower(self, build: int | None) -> bool:
        """Whether it gives way to that build."""
        return build is not None and self.build is not None and self.build < build

    def is_higher(self, build: int | None) -> bool:
        """Whether that build gives way to it."""
        return build is not None and self.build is not None and self.build > build
