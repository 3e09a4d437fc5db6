"""Nothing foreign reaches a terminal or a CI system as a command."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drone_deploy_ecs.core.text import safe, span


@pytest.mark.parametrize(
    ("foreign", "shown"),
    [
        ("plain", "plain"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("over\rwritten", "over written"),
        ("two\nlines", "two lines"),
        ("a\u2028b\u202ec", "a b c"),
        ("::set-output name=x::y", ": :set-output name=x::y"),
        ("arn:aws:iam::123456789012:role/x", "arn:aws:iam::123456789012:role/x"),
        ("##vso[task.setvariable]x", "# #vso[task.setvariable]x"),
        ("##[error]x", "# #[error]x"),
        ("##teamcity[x]", "# #teamcity[x]"),
    ],
)
def test_foreign_text_is_shown_safely(foreign: str, shown: str) -> None:
    assert safe(foreign) == shown


@given(st.text(max_size=2000))
def test_safe_text_is_one_bounded_printable_line(text: str) -> None:
    shown = safe(text)
    assert len(shown) <= 400
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]", shown)
    assert not re.match(r"::|##(vso)?\[|##teamcity\[|section_(start|end):", shown)


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0 s"), (59.4, "59 s"), (60, "1 m"), (160, "2 m 40 s"), (3600, "1 h"), (3900, "1 h 5 m")]
)
def test_lengths_of_time_are_said_as_people_say_them(seconds: float, said: str) -> None:
    assert span(seconds) == said
