"""An answer's body → a value of known shape. Tolerant: a member of another type than expected is as good as absent.

A shape is a `msgspec.Struct` with AWS's member names; members without a default are those that every whole answer has.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, TypeVar, get_args, get_origin

from msgspec import DecodeError, Struct, ValidationError, convert
from msgspec.json import decode
from msgspec.structs import fields

Body = bytes | Mapping[str, Any]
"""JSON as it came, or what a parser or the simulator in process made of it, times being aware datetimes."""

ShapeT = TypeVar("ShapeT")

_UNFIT = (ValidationError, ValueError)
"""What is raised where a value doesn't fit: for half a surrogate pair, or the year 10000, a ValueError."""


class NotWholeError(ValueError):
    """What came isn't a whole answer of AWS's: cut on the way, or somebody else's."""


def plain(body: Body) -> Mapping[str, Any]:
    """The body as plain JSON, members that no SDK knows included. Raises NotWholeError."""
    if isinstance(body, Mapping):
        return body
    try:
        members = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NotWholeError from error
    if not isinstance(members, dict):
        raise NotWholeError
    return members


def typed(body: Body, shape: type[ShapeT]) -> ShapeT:
    """The body in that shape. Raises NotWholeError.

    Lax: a time may be seconds since 1970 or text. An answer of AWS's is decoded in one go; only where something doesn't
    fit (an emulator's null, say) is it taken apart.
    """
    try:
        if isinstance(body, bytes):
            return decode(body, type=shape, strict=False)
        return convert(body, shape, strict=False)
    except (DecodeError, ValueError, RecursionError):
        pass
    try:
        fitting: ShapeT = _fitting(plain(body), shape)
    except _UNFIT as error:
        raise NotWholeError from error
    return fitting


def _fitting(value: Any, shape: Any) -> Any:
    """What fits of the value, member by member and entry by entry. Raises ValidationError where that is too little."""
    if get_origin(shape) is tuple and isinstance(value, list | tuple):
        return tuple(_entries(value, get_args(shape)[0]))
    if not (isinstance(shape, type) and issubclass(shape, Struct) and isinstance(value, Mapping)):
        return convert(value, shape, strict=False)
    members: dict[str, Any] = {}
    for field in fields(shape):
        with suppress(*_UNFIT):
            if field.encode_name in value:
                members[field.name] = _fitting(value[field.encode_name], field.type)
        if field.required and field.name not in members:
            raise ValidationError(f"{field.encode_name} is missing")
    return shape(**members)


def _entries(values: Iterable[Any], shape: Any) -> Iterator[Any]:
    for value in values:
        with suppress(*_UNFIT):
            yield _fitting(value, shape)
