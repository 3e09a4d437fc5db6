"""What of this project takes statements of its own in a policy: a row of the table."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from drone_deploy_ecs.core.permissions.statement import Statement


class Feature(NamedTuple):
    """`what` it is for, the statements it takes, and what happens `without` them: sentences for people."""

    name: str
    what: str
    statements: tuple[Statement, ...]
    without: str
