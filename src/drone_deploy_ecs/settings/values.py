"""The kinds of values that settings take: text → value, or `InvalidValue` with what is wrong and what would do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from drone_deploy_ecs.core.ecs.names import read_arn
from drone_deploy_ecs.settings.actions import ACTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from drone_deploy_ecs.core.request.image import Image
    from drone_deploy_ecs.core.request.url import Url

ROLLING, BLUE_GREEN, COLOURS = "rolling", "blue-green", "blue-green-cluster"
MODES = (ROLLING, BLUE_GREEN, COLOURS)
YES = ("true", "1", "yes", "on", "y", "t")
NO = ("false", "0", "no", "off", "n", "f")

# Patterns are compiled when they are used: start-up is paid in every pipeline.
_NAME = r"[A-Za-z0-9_-]{1,255}"
_PATTERN = r"[A-Za-z0-9_*?\[\]!-]{1,255}"
_DURATION = r"(\d+)\s*([smh])"
ROLE = r"arn:aws[\w-]*:iam::\d{12}:role/[\w+=,.@/-]+"
SESSION = r"[\w+=,.@-]{2,64}"
EXTERNAL_ID = r"[\w+=,.@:/-]{2,1224}"
PART = r"[\w/+=.@!-]{1,256}"
REGION = r"[a-z]{2,}(-[a-z]+)+-\d+"
_ALL = 100
_LEAST_KEPT = 2


class InvalidValue(ValueError):
    """A value that a setting can't take: what is wrong with it, and what would do."""

    def __init__(self, why: str, do: str) -> None:
        super().__init__(why)
        self.why = why
        self.do = do


def yes_or_no(value: str) -> bool:
    """A true boolean."""
    if value.lower() in YES:
        return True
    if value.lower() in NO:
        return False
    raise InvalidValue("is neither yes nor no", "Say true or false")


def whole(value: str) -> int:
    """A positive whole number."""
    if not re.fullmatch(r"\+?\d{1,9}", value) or int(value) == 0:
        raise InvalidValue("isn't a positive whole number", "Give a number such as 60")
    return int(value)


def two_or_more(value: str) -> int:
    """A whole number from 2: what runs, and what to go back to."""
    if not re.fullmatch(r"\+?\d{1,9}", value) or int(value) < _LEAST_KEPT:
        raise InvalidValue("isn't a whole number from 2", "Give 2 or more: what runs, and what to go back to")
    return int(value)


def whole_or_none(value: str) -> int:
    """A whole number; 0 means none."""
    if not re.fullmatch(r"\+?\d{1,9}", value):
        raise InvalidValue("isn't a whole number", "Give a number such as 3, or 0 for none")
    return int(value)


def percent(value: str) -> int:
    """Per cent, 1 to 100: with steps of 0 % the live side would never shrink."""
    do = "Give a whole number from 1 to 100: the share of the live count that each step takes away"
    if not re.fullmatch(r"[+-]?\d{1,9}", value):
        raise InvalidValue("isn't a whole number", do)
    if int(value) < 1:
        raise InvalidValue("takes nothing away, so the live side would never shrink", do)
    if int(value) > _ALL:
        raise InvalidValue("is more than there is", do)
    return int(value)


def duration(value: str) -> float:
    """Seconds, out of `90s`, `15m`, `1h` or `1h30m`."""
    parts = re.findall(_DURATION, value)
    seconds = sum(int(number) * {"s": 1, "m": 60, "h": 3600}[unit] for number, unit in parts)
    if not re.fullmatch(f"({_DURATION})+", value) or not 0 < seconds <= 24 * 3600:
        raise InvalidValue("isn't a length of time up to 24h", "Give it as 90s, 15m or 1h")
    return float(seconds)


def duration_or_none(value: str) -> float:
    """Seconds, as `duration`; `0` and `0s` mean not at all."""
    return 0.0 if re.fullmatch("0+[smh]?", value) else duration(value)


def seconds_or_duration(value: str) -> float:
    """Seconds, out of plain whole seconds or a duration; 0 means not at all."""
    plain = re.fullmatch(r"\+?(\d+)", value)
    try:
        return duration_or_none(f"{plain[1]}s" if plain else value)
    except InvalidValue as invalid:
        raise InvalidValue(
            "is neither whole seconds nor a length of time up to 24h", "Give it as 60, 90s, 10m or 1h30m"
        ) from invalid


def interval(value: str) -> float:
    """Seconds, as `seconds_or_duration`, but at least one."""
    seconds = seconds_or_duration(value)
    if not seconds:
        raise InvalidValue("is no time at all", "Give at least 1s")
    return seconds


def choice(*known: str) -> Callable[[str], str]:
    """One of these words."""

    def read(value: str) -> str:
        if value not in known:
            raise InvalidValue("isn't a choice", did_you_mean(value, known) or f"Known: {', '.join(known)}")
        return value

    return read


def words(value: str) -> tuple[str, ...]:
    """A comma list: trimmed, empties and repetitions dropped."""
    return tuple(dict.fromkeys(part.strip() for part in value.split(",") if part.strip()))


def services(value: str) -> tuple[str, ...]:
    """A comma list of service names, ARNs, `cluster/service` or patterns such as `tenant-*`."""
    names = words(value)
    for name in names:
        if not _is_arn(name, "service") and not re.fullmatch(f"({_NAME}/)?{_PATTERN}", name):
            raise InvalidValue(
                f"has {name!r}, which is neither a service's name, its ARN, cluster/service nor a pattern",
                "Give them separated by commas, such as web,batch/worker,tenant-*",
            )
    return names


def addresses(value: str) -> tuple[str, ...]:
    """Addresses as Apprise writes them, separated by commas or blanks; a comma may be part of one of them."""
    parts = tuple(dict.fromkeys(re.split(r"[,\s]+(?=[A-Za-z][\w+.-]*://)", value.strip())))
    if not all(re.fullmatch(r"[A-Za-z][\w+.-]*://\S+", part) for part in parts):
        raise InvalidValue(
            "has something that is no address", "Give addresses as Apprise writes them: slack://…, mailtos://…"
        )
    return parts


def several(pattern: str, what: str) -> Callable[[str], tuple[str, ...]]:
    """A reader of a comma list whose parts match the pattern; others are refused: "isn't `what`"."""
    read = matching(pattern, what)
    return lambda value: tuple(read(part.strip()) for part in value.split(",") if part.strip())


def urls(value: str) -> tuple[Url, ...]:
    """A comma list of whole URLs; a comma may be in one, too."""
    from drone_deploy_ecs.core.request.url import Url

    parts = (part.strip(" ,") for part in re.split(r",\s*(?=[a-zA-Z]+://)", value))
    found = tuple(Url.parse(part) for part in parts)
    if not all(found):
        raise InvalidValue("isn't a whole URL of http or https", "Give it as https://shop.example/health")
    return tuple(url for url in found if url)


def service(value: str) -> str:
    """One service's name or ARN; a YAML list of one will do."""
    names = words(value)
    if len(names) != 1:
        raise InvalidValue("isn't one service", "Give one name or ARN")
    if not _is_service(names[0]):
        raise InvalidValue("is neither a service's name nor its ARN", "Give one of them")
    return names[0]


def cluster(value: str) -> str:
    """A cluster's name or ARN."""
    if not re.fullmatch(_NAME, value) and not _is_arn(value, "cluster"):
        raise InvalidValue("is neither a cluster's name nor its ARN", "Give one of them")
    return value


def _is_service(value: str) -> bool:
    return bool(re.fullmatch(_NAME, value)) or _is_arn(value, "service")


def _is_arn(value: str, kind: str) -> bool:
    arn = read_arn(value)
    return bool(arn and arn.kind == kind and re.fullmatch(f"{_NAME}(/{_NAME})*", arn.rest))


def image(value: str) -> Image:
    """A whole image reference."""
    from drone_deploy_ecs.core.request.image import Image

    reference = Image.parse(value)
    if reference is None:
        raise InvalidValue(
            "isn't an image reference", "Give [registry/]repository:tag or …@sha256:digest, in lower case"
        )
    return reference


def mode(value: str) -> str:
    """How to deploy."""
    if value not in MODES:
        raise InvalidValue("isn't a mode", did_you_mean(value, MODES) or f"Known: {', '.join(MODES)}")
    return value


def action(value: str) -> str:
    """What to do."""
    if value not in ACTIONS:
        hint = f"{did_you_mean(value, ACTIONS)} Known: {', '.join(ACTIONS)}"
        raise InvalidValue("isn't an action", hint.strip())
    return value


def matching(pattern: str, what: str) -> Callable[[str], str]:
    """A reader of text that matches the pattern; other text is refused: "isn't `what`"."""

    def read(value: str) -> str:
        if not re.fullmatch(pattern, value, re.ASCII):
            raise InvalidValue(f"isn't {what}", "Check it")
        return value

    return read


def command(value: str) -> tuple[str, ...]:
    """A command's words: split as a shell would, or a JSON list of texts."""
    if value.startswith("["):
        import json

        try:
            listed = json.loads(value)
        except ValueError:
            listed = None
        if not isinstance(listed, list) or not listed or not all(isinstance(part, str) for part in listed):
            raise InvalidValue("isn't a JSON list of texts", 'Give it as ["./manage.py", "migrate"], or as plain text')
        return tuple(listed)
    import shlex

    try:
        return tuple(shlex.split(value))
    except ValueError as error:
        raise InvalidValue("has a quote that isn't closed", "Close it, or give a JSON list of texts") from error


def word(value: str) -> str:
    """A text without spaces in it, such as a container's name."""
    return matching(r"[^\s,]+", "a name")(value)


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """A hint for what is nearly one of the known, or ""."""
    # Imported here because only a mistake needs it, and every start pays for imports.
    from difflib import get_close_matches

    close = get_close_matches(given.lower().replace("_", "-"), [name.replace("_", "-") for name in known], 1, 0.7)
    return next((f"Did you mean {name}?" for name in known if close and name.replace("_", "-") == close[0]), "")
