"""What there is in a Region, page by page: clusters, a family's revisions; and how any listing is read to its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec.structs import replace

from drone_deploy_ecs.core.calls.answers import Listing, Page
from drone_deploy_ecs.core.calls.body import typed
from drone_deploy_ecs.core.calls.call import Call
from drone_deploy_ecs.core.calls.quota import READ_CLUSTERS, READ_DEFINITIONS
from drone_deploy_ecs.core.ecs.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drone_deploy_ecs.core.calls.body import Body

Answers = Mapping[Call[Any], Any]
"""Calls that only read, with what they were answered: a value, or a Fault."""


class _ClusterArns(Wire, frozen=True):
    cluster_arns: tuple[str, ...]
    next_token: str = ""


class _DefinitionArns(Wire, frozen=True):
    task_definition_arns: tuple[str, ...]
    next_token: str = ""


class ListClusters(Call[Page], frozen=True, kw_only=True):
    """One page of the ARNs of the Region's clusters."""

    operation: ClassVar = "ListClusters"
    quota: ClassVar = READ_CLUSTERS
    permission: ClassVar = "ecs:ListClusters"
    reads: ClassVar = "the clusters"

    token: str = ""

    def members(self) -> dict[str, Any]:
        """See `Call`."""
        return {"nextToken": self.token} if self.token else {}

    def read(self, body: Body) -> Page:
        """See `Call`."""
        page = typed(body, _ClusterArns)
        return Page(page.cluster_arns, page.next_token)

    def next(self, page: Page) -> ListClusters | None:
        """The call for the page after that one; None where it is the last."""
        token = page.after(self.token)
        return replace(self, token=token) if token else None


class ListTaskDefinitions(Call[Page], frozen=True, kw_only=True):
    """One page of the ARNs of a family's ACTIVE revisions, oldest first."""

    operation: ClassVar = "ListTaskDefinitions"
    quota: ClassVar = READ_DEFINITIONS
    permission: ClassVar = "ecs:ListTaskDefinitions"
    reads: ClassVar = "the task definitions"

    family: str
    token: str = ""

    @staticmethod
    def about(members: Mapping[str, Any], /) -> str:
        """The family."""
        return str(members.get("familyPrefix", ""))

    def members(self) -> dict[str, Any]:
        """See `Call`. Despite its name `familyPrefix` is the whole name of one family (API reference)."""
        given = {"familyPrefix": self.family, "status": "ACTIVE", "sort": "ASC"}
        return {**given, "nextToken": self.token} if self.token else given

    def read(self, body: Body) -> Page:
        """See `Call`."""
        page = typed(body, _DefinitionArns)
        return Page(page.task_definition_arns, page.next_token)

    def next(self, page: Page) -> ListTaskDefinitions | None:
        """The call for the page after that one; None where it is the last."""
        token = page.after(self.token)
        return replace(self, token=token) if token else None


def pages(first: Any, answers: Answers) -> Iterator[Any]:
    """The calls for the pages of a listing, each once, as far as they are known; `first` is that for the first one."""
    call, asked = first, set[Any]()
    while call and call not in asked:
        yield call
        asked.add(call)
        answer = answers.get(call)
        call = call.next(answer) if isinstance(answer, Page | Listing) else None


def entries(first: Any, answers: Answers) -> Iterator[Any]:
    """What is on these pages."""
    for page in (answers.get(call) for call in pages(first, answers)):
        if isinstance(page, Page | Listing):
            yield from page.arns if isinstance(page, Page) else page.entries


def is_whole(first: Any, answers: Answers) -> bool:
    """Whether the last of these pages, once answered, was said to be the last: there are none after a known one."""
    *_, answer = (answers.get(call) for call in pages(first, answers))
    return not (isinstance(answer, Page | Listing) and answer.token)
