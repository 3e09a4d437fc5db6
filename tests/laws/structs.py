"""Values of `core` for hypothesis, whose `builds` would look at annotations that only a type checker can resolve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from hypothesis import strategies as st

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy
    from msgspec import Struct

StructT = TypeVar("StructT", bound="Struct")


def structs(
    kind: type[StructT], /, *fields: SearchStrategy[Any], **members: SearchStrategy[Any]
) -> SearchStrategy[StructT]:
    """As `builds`: the fields in their order, and by name."""
    drawn = st.tuples(st.tuples(*fields), st.fixed_dictionaries(members))
    return drawn.map(lambda parts: kind(*parts[0], **parts[1]))
