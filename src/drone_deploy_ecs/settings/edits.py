"""The settings that say what is to change in a task definition: text or file → value, or `InvalidValue`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from drone_deploy_ecs.core.text import safe
from drone_deploy_ecs.settings.documents import parse, read_file, where
from drone_deploy_ecs.settings.values import InvalidValue, image, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from drone_deploy_ecs.core.request.image import Image
    from drone_deploy_ecs.settings.documents import Place

Variables = tuple[tuple[str, str | None], ...]
Images = tuple[tuple[str, "Image"], ...]

TAG = r"\w[\w.-]{0,127}"
_PAIR = r"(?s)([\w.-]+)=(.*)"
_REFERENCE = r"arn:aws[\w-]*:(?:secretsmanager|ssm):[a-z0-9-]+:\d{12}:[^\s,;'\"<>()\[\]{}]+"
_NUMBERED = r"[A-Za-z0-9_-]{1,255}:[1-9]\d{0,8}"
REVISION = rf"(?:arn:aws[\w-]*:ecs:[a-z0-9-]+:\d{{12}}:task-definition/)?{_NUMBERED}"
_NESTED = (
    "CI systems put a secret in the place of a whole setting only. Keep the value in Secrets Manager or SSM and name its "
    "ARN under secrets, or make the whole map one secret"
)


class File(NamedTuple):
    """A task definition from a file: what would register it."""

    path: str
    body: Mapping[str, Any]


def joined(*parts: str) -> str:
    """A flag given several times, as one JSON object: the later wins. What can't be read is left to be refused."""
    import json

    members: dict[str, Any] = {}
    for part in parts:
        try:
            members |= _members(part.strip(), str)
        except InvalidValue:
            return part
    return json.dumps(members)


def environment(text: str) -> Variables:
    """Variables by name; None removes one. Numbers and booleans become the text that they are."""
    return tuple(_variables(_members(text, str)))


def _variables(members: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    for name, value in members.items():
        if not re.fullmatch(r"[^=\x00-\x1f]+", name):
            raise InvalidValue("has a variable whose name is empty, or no name", "Give every variable a name")
        if isinstance(value, dict | list):
            kind = "an object" if isinstance(value, dict) else "a list"
            do = _NESTED if isinstance(value, dict) else "Give a text"
            raise InvalidValue(f"has {kind} as the value of {safe(name, 80)}", do)
        yield name, str(value).lower() if isinstance(value, bool) else value


def secrets(text: str) -> Variables:
    """ARNs by the variable's name; None removes one."""
    variables = environment(text)
    for name, arn in variables:
        if arn is not None and not re.fullmatch(_REFERENCE, arn):
            raise InvalidValue(
                f"has something else than an ARN of Secrets Manager or SSM for {safe(name, 80)}",
                "Give the secret's or the parameter's ARN: a value belongs in there, not in here",
            )
    return variables


def images(text: str) -> Images:
    """Image by container: a JSON object, `a=b,c=d`, or a file such as imagedefinitions.json."""
    if not text.startswith(("{", "[")):
        if "=" in text:
            return tuple(_image_pairs(text))
        text = read_file(text)
    document = parse(text)
    places: dict[str, Place]
    if isinstance(document, dict):
        references, places = document, {name: (name,) for name in document}
    else:
        references, places = _image_definitions(text, document)
    return tuple((name, _image(reference, f"at {where(text, places[name])}")) for name, reference in references.items())


def _image_pairs(text: str) -> Iterator[tuple[str, Image]]:
    pairs = [part.strip().partition("=") for part in text.split(",") if part.strip()]
    if not all(name and equals for name, equals, _ in pairs) or len({name for name, *_ in pairs}) < len(pairs):
        raise InvalidValue("isn't like web=shop:2,proxy=envoy:3, each container once", "Give it so, or as JSON")
    return ((name.strip(), _image(reference.strip(), f"for {safe(name, 80)}")) for name, _, reference in pairs)


def _image_definitions(text: str, document: Any) -> tuple[dict[str, Any], dict[str, Place]]:
    """Reference by container, and where each stands, of CodePipeline's `[{"name": …, "imageUri": …}]`."""
    places: dict[str, Place] = {}
    do = 'Give [{"name": container, "imageUri": image}], or an object of them'
    if not isinstance(document, list):
        raise InvalidValue(f"is neither a list nor an object at {where(text, ())}", do)
    for number, entry in enumerate(document):
        name = entry.get("name") if isinstance(entry, dict) else None
        if not isinstance(name, str) or "imageUri" not in entry or name in places:
            raise InvalidValue(f"has no name and imageUri of a further container at {where(text, (number,))}", do)
        places[name] = (number, "imageUri")
    return {entry["name"]: entry["imageUri"] for entry in document}, places


def _image(reference: Any, which: str) -> Image:
    try:
        return image(reference if isinstance(reference, str) else "")
    except InvalidValue as invalid:
        raise InvalidValue(f"has no image reference {which}", invalid.do) from invalid


def patch(text: str) -> Mapping[str, Any]:
    """A JSON merge patch, or the path of a file with one."""
    is_json = text.startswith(("{", "[", '"')) or text in ("null", "true", "false")
    document = parse(text if is_json else read_file(text))
    if not isinstance(document, dict):
        raise InvalidValue("isn't a JSON object", 'Give the members that change, such as {"cpu": "512"}')
    return document


def task_definition(path: str) -> File:
    """The task definition in a file, as DescribeTaskDefinition or the console gives it."""
    from drone_deploy_ecs.core.ecs import taskdef

    text = read_file(path)
    document = parse(text)
    if not isinstance(document, dict):
        raise InvalidValue(f"isn't an object at {where(text, ())}", "Give a task definition")
    above: Place = ("taskDefinition",) if isinstance(document.get("taskDefinition"), dict) else ()
    definition = document["taskDefinition"] if above else document
    _check_shape(text, above, definition)
    _check_shape(text, (), {"tags": document.get("tags")})
    for member in ("family", "containerDefinitions"):
        if not definition.get(member):
            what = f"has no {member} in the object at {where(text, above)}"
            raise InvalidValue(what, "Give a task definition as DescribeTaskDefinition answers it")
    inner = {name: member for name, member in definition.items() if name != "tags"}
    described = {"taskDefinition": inner, "tags": document.get("tags")}
    return File(path, taskdef.without_nulls(taskdef.registrable(described)))


def _check_shape(text: str, above: Place, definition: Mapping[str, Any]) -> None:
    """Raise InvalidValue for the first member, as the file has them, that is of another shape than ECS's."""
    from drone_deploy_ecs.core.ecs import taskdef

    for place, why in taskdef.misshapen(definition):
        what = f"has what {why} at {where(text, (*above, *place))}"
        raise InvalidValue(what, "Make it what RegisterTaskDefinition takes")


def revision(text: str) -> str:
    """An existing revision, by family and number or ARN."""
    if not re.fullmatch(REVISION, text):
        raise InvalidValue("is neither family:number nor a revision's ARN", "Give it as web:42")
    return text


def _members(text: str, number: Callable[[str], Any]) -> Mapping[str, Any]:
    """The members of a JSON object, or the one of `NAME=VALUE`."""
    if pair := re.fullmatch(_PAIR, text):
        return {pair[1]: pair[2]}
    document = parse(text, number)
    if not isinstance(document, dict):
        raise InvalidValue("is neither a JSON object nor NAME=VALUE", 'Give it as {"NAME": "value"}')
    return document


def schedules(value: str) -> tuple[str, ...]:
    """A comma list of names or ARNs of rules and schedules, or `auto` alone."""
    from drone_deploy_ecs.core.ecs.schedule import read_name
    from drone_deploy_ecs.core.request.request import AUTO

    names = words(value)
    if set(AUTO) < set(names):
        raise InvalidValue("has auto beside names", "Give names, or auto alone")
    for name in names:
        if read_name(name) is None:
            raise InvalidValue(
                f"has {name!r}, which names neither a rule nor a schedule",
                "Give rule, rule/bus/rule or group/schedule, or their ARNs, separated by commas",
            )
    return names
