"""How a listing is read to its end, page by page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.core.calls.answers import Listing, Page
from drone_deploy_ecs.core.calls.call import Call

if TYPE_CHECKING:
    from collections.abc import Iterator

Answers = Mapping[Call[Any], Any]
"""Calls that only read, with what they were answered: a value, or a Fault."""


def pages(first: Any, answers: Answers) -> Iterator[Any]:
    """The calls for the pages of a listing, as far as they are known; `first` is that for the first one."""
    call = first
    while call:
        yield call
        answer = answers.get(call)
        call = call.next(answer) if isinstance(answer, Page | Listing) else None


def entries(first: Any, answers: Answers) -> Iterator[Any]:
    """What is on these pages."""
    for page in (answers.get(call) for call in pages(first, answers)):
        if isinstance(page, Page | Listing):
            yield from page.arns if isinstance(page, Page) else page.entries
