"""What is decoded from AWS's answers."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

Moment = Annotated[datetime, Meta(tz=True)]
"""A time, aware. ECS gives seconds since 1970, some emulators text with a time zone."""


class Wire(Struct, frozen=True, rename="camel"):
    """A part of an answer, member by member: `last_status` is `lastStatus`. Its annotations are needed at run time.

    What has no default is in every whole answer.
    """
