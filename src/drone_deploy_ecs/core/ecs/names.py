"""ARNs and names."""

from typing import NamedTuple


class Arn(NamedTuple):
    """An ECS ARN taken apart: `rest` is what follows `kind/`."""

    text: str
    partition: str
    region: str
    account: str
    kind: str
    rest: str


def read_arn(text: str) -> Arn | None:
    """The ECS ARN that `text` is, in any partition, or None."""
    parts = text.split(":", 5)
    if len(parts) < len(Arn._fields) or parts[0] != "arn" or parts[2] != "ecs" or not parts[1].startswith("aws"):
        return None
    kind, slash, rest = parts[5].partition("/")
    return (
        Arn(text, parts[1], parts[3], parts[4], kind, rest)
        if slash and rest and parts[3] and parts[4].isdecimal()
        else None
    )


def region_of(arn: str) -> str:
    """The Region in an ARN; "" where the text is no ARN."""
    parsed = read_arn(arn)
    return parsed.region if parsed else ""


def short(name_or_arn: str) -> str:
    """The last part of an ARN or path: the cluster's or service's name, a revision's `family:revision`, a task's id."""
    return name_or_arn.rpartition("/")[2]
