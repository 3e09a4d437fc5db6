"""What all operations have: a row, a page of a listing, a time in a request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from drone_deploy_ecs.simulator.registry import rejected

Json = dict[str, Any]
Request = Mapping[str, Any]


class Operation(NamedTuple):
    """`answer` makes the answer to a request; `needs` is the member that the request must have, "" for none."""

    answer: Callable[[Request], Json]
    needs: str = ""


def seconds(value: datetime | float) -> float:
    """Since 1970. Over HTTP, times come as such numbers."""
    return value.timestamp() if isinstance(value, datetime) else float(value)


def page(operation: str, member: str, entries: list[Any], request: Request, most: int, *, pascal: bool = False) -> Json:
    """That part of the entries which the request's token asks for; `pascal`: its member begins with a capital."""
    token = "NextToken" if pascal else "nextToken"
    asked = str(request.get(token) or "0")
    if not asked.isdecimal():
        raise rejected(operation, "InvalidParameterException", "Invalid token.")
    start = int(asked)
    found: Json = {member: entries[start : start + most]}
    return found if start + most >= len(entries) else {**found, token: str(start + most)}
