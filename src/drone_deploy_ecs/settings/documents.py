"""JSON in a setting or in a file, told of by line and column: what it says may be a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.settings.values import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Callable

LARGEST = 1_000_000
"""Characters of a file."""
DEEPEST = 50
"""Objects and lists in one another. A task definition has six."""
_SPACE = " \t\r\n"
Place = tuple[str | int, ...]


def parse(text: str, number: Callable[[str], Any] | None = None) -> Any:
    """What this JSON says; `number` makes its numbers, of their own text. Raises InvalidValue."""
    import json

    try:
        value = json.loads(text, parse_int=number, parse_float=number, parse_constant=_refuse, object_pairs_hook=_once)
        json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise InvalidValue(f"isn't JSON at {where}", "Look for what is missing or too much there") from error
    except RecursionError as error:
        raise InvalidValue("is nested too deeply", "Check its braces and brackets") from error
    except UnicodeEncodeError as error:
        raise InvalidValue("has half a character (a lone surrogate)", "Write it as UTF-8") from error
    except _RepeatedNameError as error:
        raise InvalidValue("names the same member twice in one object", "Keep one of them") from error
    except ValueError as error:
        raise InvalidValue("has a number that JSON doesn't have, or one of thousands of digits", "Check it") from error
    if _is_deep(value):
        raise InvalidValue("is nested too deeply", "Check its braces and brackets")
    return value


class _RepeatedNameError(ValueError):
    """An object with the same member twice: which of them counts is anybody's guess (RFC 8259, 4)."""


def _once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    unique = dict(members)
    if len(unique) < len(members):
        raise _RepeatedNameError
    return unique


def _refuse(_constant: str) -> Any:
    raise ValueError


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(DEEPEST):
        inner = [item for item in level if isinstance(item, dict | list)]
        level = [item for each in inner for item in (each.values() if isinstance(each, dict) else each)]
    return any(isinstance(item, dict | list) for item in level)


def where(text: str, place: Place) -> str:
    """`line 3, column 7`: where in this good JSON the value at that place begins."""
    at = _start(text, 0, place)
    return f"line {text.count(chr(10), 0, at) + 1}, column {at - text.rfind(chr(10), 0, at)}"


def _start(text: str, at: int, place: Place) -> int:
    from json import JSONDecoder

    decoder = JSONDecoder()
    at = _skip(text, at)
    if not place:
        return at
    first, *rest = place
    is_object = text[at] == "{"
    at, number = _skip(text, at + 1), 0
    while True:
        key: str | int = number
        if is_object:
            key, at = decoder.raw_decode(text, at)
            at = _skip(text, _skip(text, at) + 1)
        if key == first:
            return _start(text, at, tuple(rest))
        _, at = decoder.raw_decode(text, at)
        at, number = _skip(text, _skip(text, at) + 1), number + 1


def _skip(text: str, at: int) -> int:
    while text[at] in _SPACE:
        at += 1
    return at


def read_file(path: str) -> str:
    """The text of a file. Raises InvalidValue, which names no path: what isn't one may be a secret."""
    from pathlib import Path

    try:
        with Path(path).open(encoding="utf-8-sig") as file:
            text = file.read(LARGEST + 1)
    except OSError as error:
        raise InvalidValue(f"can't be read: {error.strerror}", "Give the path of a file in the workspace") from error
    except UnicodeDecodeError as error:
        raise InvalidValue("isn't UTF-8 text", "Save it as UTF-8") from error
    except ValueError as error:
        raise InvalidValue("can't be the path of a file", "Give the path of a file in the workspace") from error
    if len(text) > LARGEST:
        raise InvalidValue(f"is a file of more than {LARGEST} characters", "Give a task definition's")
    return text
