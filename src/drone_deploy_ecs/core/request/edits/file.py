"""An edit that replaces all: the task definition of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.core import masking
from drone_deploy_ecs.core.ecs.taskdef import HasBody
from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.core.request.edits.edit import Body, Edit
from drone_deploy_ecs.core.text import safe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from drone_deploy_ecs.core.masking import Secret


class FromFile(HasBody, Edit, frozen=True):
    """The body that stands in the file `path`: what would register it, response-only members and nulls dropped."""

    path: str
    body: Mapping[str, Any]

    @property
    def brief(self) -> str:
        """See `Edit`."""
        return self.path

    @property
    def replaces_all(self) -> bool:
        """See `Edit`."""
        return True

    @property
    def secrets(self) -> Iterator[Secret]:
        """See `Edit`."""
        yield from masking.secrets(self.body)

    def problems(self, body: Mapping[str, Any], /) -> Iterator[Problem]:
        """See `Edit`: another family's content would be another service's."""
        own, family = self.body.get("family"), body.get("family")
        if own != family:
            what = (
                f"task_definition {safe(self.path)} is of family {safe(str(own))}, and the service runs family {family}"
            )
            yield Problem(what, "Give the file of the service's own family")

    def apply(self, _body: Mapping[str, Any], /) -> Body:
        """See `Edit`."""
        return dict(self.body)

    def __str__(self) -> str:
        return f"task definition {safe(self.path)}"
