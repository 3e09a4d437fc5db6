"""The messages are well told, most are explained, and no cut, prefix or case makes one more certain than it is."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drone_deploy_ecs.core.causes.catalogue import CATALOGUE
from drone_deploy_ecs.core.causes.cause import Cause, cause_of_event
from drone_deploy_ecs.core.causes.known import Weight
from tests.causes.messages import (
    CLASSES,
    FILE,
    KINDS,
    MESSAGES,
    NONE,
    PLATFORMS,
    TERMINAL,
    TRANSIENT,
    Grade,
    Message,
    class_of,
    event,
    grade,
)

if TYPE_CHECKING:
    from collections.abc import Callable

RIGHT = 383
"""So many messages at least are explained rightly. `make causes` tells how many are, and which aren't."""
BY_ID = {message.id: message for message in MESSAGES}
ids = pytest.mark.parametrize("name", BY_ID)


# --- the table ---


def test_there_are_enough_of_every_kind_class_and_platform() -> None:
    assert len(MESSAGES) == 390
    assert set(Counter(message.kind for message in MESSAGES)) == set(KINDS)
    assert set(Counter(message.weight for message in MESSAGES)) == set(CLASSES)
    assert set(Counter(message.platform for message in MESSAGES)) == set(PLATFORMS)


@ids
def test_a_message_tells_all_that_it_has_to(name: str) -> None:
    message = BY_ID[name]
    assert re.fullmatch(r"[mnuvwxy]\d{3}", name)
    assert message.kind in KINDS
    assert message.platform in PLATFORMS
    assert {message.weight, message.given} <= set(CLASSES)
    assert message.subject
    assert message.why
    assert re.match(r"https://|AWS docs, |index of public code, \d", message.source)
    assert bool(message.text) is not (message.kind in ("task", "container"))
    assert message.stop_code or message.said or message.exit_code is not None
    assert message.causes or message.weight == NONE
    assert len(message.causes) == len(set(message.causes))


@ids
def test_a_class_is_never_harsher_than_the_one_given_first_and_a_milder_one_is_explained(name: str) -> None:
    message = BY_ID[name]
    assert CLASSES.index(message.weight) <= CLASSES.index(message.given)
    assert message.note or message.weight == message.given


def test_messages_are_told_once_in_order_and_name_no_account() -> None:
    texts = [
        (message.stop_code, message.stopped_reason, message.said, message.exit_code, message.others)
        for message in MESSAGES
    ]
    assert len(texts) == len(set(texts))
    names = list(tomllib.loads(FILE.read_text(encoding="utf-8")))
    assert names == sorted(names, key=lambda name: (name[0] != "w", name))
    accounts = re.findall(r"(?<=[:/])\d{12}(?=[:.])", FILE.read_text(encoding="utf-8"))
    assert set(accounts) == {"123456789012"}


def test_every_cause_that_explains_a_message_is_known() -> None:
    assert {cause for message in MESSAGES for cause in message.causes} <= {known.name for known in CATALOGUE}


# --- how rightly they are explained ---


def test_so_many_messages_at_least_are_explained_rightly() -> None:
    right = sum(grade(message, message.explained()) is Grade.RIGHT for message in MESSAGES)
    assert right >= RIGHT


@ids
def test_what_may_pass_or_is_nothing_never_undoes_a_deployment_at_once(name: str) -> None:
    message = BY_ID[name]
    assert message.weight not in (NONE, TRANSIENT) or class_of(message.explained()) != TERMINAL


@pytest.mark.parametrize(
    ("name", "weight", "told"),
    [
        ("image-not-found", Weight.TERMINAL, Grade.RIGHT),
        ("image-not-found", Weight.REPEATING, Grade.MILD),
        ("image-not-found", Weight.NOT_EVIDENCE, Grade.MILD),
        ("pull-failed", Weight.REPEATING, Grade.GENERIC),
        ("no-connection", Weight.TERMINAL, Grade.WRONG),
        (None, None, Grade.SILENT),
    ],
)
def test_a_terminal_message_is_graded(name: str | None, weight: Weight | None, told: Grade) -> None:
    cause = Cause(name=name, weight=weight, headline="", do="") if name and weight else None
    assert grade(BY_ID["w001"], cause) is told


@pytest.mark.parametrize(
    ("message", "cause", "told"),
    [
        ("n079", None, Grade.RIGHT),
        ("n079", Cause(name="scaling", weight=Weight.NOT_EVIDENCE, headline="", do=""), Grade.RIGHT),
        ("n079", Cause(name="launch-failed", weight=Weight.REPEATING, headline="", do=""), Grade.WRONG),
        ("n038", Cause(name="scaling", weight=Weight.NOT_EVIDENCE, headline="", do=""), Grade.RIGHT),
        ("n038", Cause(name="stopped-by-user", weight=Weight.NOT_EVIDENCE, headline="", do=""), Grade.WRONG),
        ("n035", Cause(name="capacity", weight=Weight.TERMINAL, headline="", do=""), Grade.HARSH),
    ],
)
def test_a_message_that_proves_little_is_graded(message: str, cause: Cause | None, told: Grade) -> None:
    assert grade(BY_ID[message], cause) is told


# --- laws ---

STARTS = ("", "Task stopped: ", "TaskFailedToStart: ")
"""What stands before a task's reason, in one agent or another."""
ENVELOPES = ("service web was unable to place a task. Reason: ", "(service web) was unable to place a task. Reason: ")
"""How an event quotes a task's reason."""
ENDINGS = ("", "...")
"""How a text ends that was cut off: Fargate says so, old agents don't."""
CASES = (str, str.upper, str.lower)
# By single characters: as whole texts, hypothesis also tries those that it finds in the code, and these are patterns.
random_texts = st.lists(st.characters() | st.sampled_from("abcdefghijklmnopqrstuvwxyz0123456789 .:/-"), max_size=300)
of_tasks = [message for message in MESSAGES if message.is_of_a_task and message.said]


def surer(cause: Cause | None, whole: Cause | None) -> bool:
    """Whether a cause claims more than the whole message's does.

    Transient claims nothing: it is what a task is that says nothing. So it is never surer. That a stopped task is no
    evidence is a claim, too: it is passed over, however often it is seen. Only the whole message may make it. An event
    without a cause is passed over because it says nothing, and so claims nothing; but where the whole says nothing, no
    part of it may be a cause that counts against the deployment.
    """
    if cause is None or cause.weight is Weight.TRANSIENT:
        return False
    if cause.weight is Weight.NOT_EVIDENCE:
        return whole is None or whole.weight is not Weight.NOT_EVIDENCE
    return CLASSES.index(class_of(cause)) > CLASSES.index(class_of(whole))


def saying(message: Message, text: str) -> Message:
    """The message with other words in the place of those that matter."""
    if message.container_reason:
        return message._replace(container_reason=text)
    return message._replace(text=text) if message.text else message._replace(stopped_reason=text)


def marked(text: str) -> list[str]:
    """The text cut off as ECS does it: with dots at the end, or, by old agents, after 255 characters."""
    cuts = [f"{text[: word.start()]}..." for word in re.finditer(r"\b\w", text)]
    return [*cuts, *([text[:255]] if len(text) > 255 else [])]


def is_surer_than_it_may_be(message: Message, text: str) -> bool:
    """Whether a part of the message claims more than the whole does; stop code and exit code count by themselves."""
    cause = saying(message, text).explained()
    if cause is None or not surer(cause, message.explained()):
        return False
    wordless = message._replace(stopped_reason="", container_reason="", text="").explained()
    return wordless is None or cause.name != wordless.name


@ids
def test_a_message_that_is_cut_off_is_never_surer(name: str) -> None:
    message = BY_ID[name]
    cuts = [*marked(message.said), *(message.said[:length] for length in range(len(message.said)))]
    assert not [text for text in cuts if is_surer_than_it_may_be(message, text)]


@given(
    st.sampled_from(of_tasks),
    st.sampled_from(STARTS),
    st.integers(0, 800),
    st.sampled_from(ENDINGS),
    st.sampled_from(CASES),
)
def test_a_tasks_message_is_never_surer_behind_a_prefix_cut_inside_a_word_or_in_another_case(
    message: Message, start: str, length: int, ending: str, case: Callable[[str], str]
) -> None:
    assert not is_surer_than_it_may_be(message, case(start + message.said[:length] + ending))


@given(
    st.sampled_from([message for message in MESSAGES if not message.is_of_a_task]), st.integers(0, 800), st.sampled_from(ENDINGS),
    st.sampled_from(CASES),
)  # fmt: skip
def test_an_event_is_never_surer_cut_inside_a_word_or_in_another_case(
    message: Message, length: int, ending: str, case: Callable[[str], str]
) -> None:
    cause = cause_of_event(event(case(message.event_text()[:length] + ending)))
    assert not surer(cause, message.explained())


@pytest.mark.parametrize("name", [message.id for message in of_tasks])
def test_a_tasks_message_is_the_same_in_another_case_and_never_surer_when_an_event_quotes_it(name: str) -> None:
    message = BY_ID[name]
    whole = message.explained()
    assert whole is not None
    for case in CASES:
        told = saying(message, case(message.said)).explained()
        assert told is not None
        assert (told.name, told.weight) == (whole.name, whole.weight)
    for start in STARTS:
        assert not surer(saying(message, start + message.said).explained(), whole)
    for envelope in ENVELOPES:
        assert not surer(cause_of_event(event(envelope + message.said)), whole)


@given(
    st.text(max_size=300), st.sampled_from([*STARTS, "CannotPullContainerError: ", "ResourceInitializationError: "]),
    st.sampled_from(sorted({message.stop_code for message in MESSAGES})),
)  # fmt: skip
def test_random_text_is_never_terminal(characters: list[str], start: str, stop_code: str) -> None:
    text = "".join(characters)
    of_task = BY_ID["w113"]._replace(stop_code=stop_code, stopped_reason=start + text)
    of_container = BY_ID["w113"]._replace(stop_code=stop_code, container_reason=start + text)
    assert TERMINAL not in (class_of(of_task.explained()), class_of(of_container.explained()))
    for envelope in ("", "(service web) (deployment ecs-svc/1) deployment failed: ", *ENVELOPES):
        assert class_of(cause_of_event(event(envelope + start + text))) != TERMINAL


@pytest.mark.parametrize(
    ("told", "whole", "is_surer"),
    [
        (Weight.TERMINAL, Weight.REPEATING, True),
        (Weight.REPEATING, Weight.TERMINAL, False),
        (Weight.REPEATING, Weight.NOT_EVIDENCE, True),
        (Weight.TRANSIENT, Weight.NOT_EVIDENCE, False),
        (Weight.NOT_EVIDENCE, Weight.TERMINAL, True),
        (Weight.NOT_EVIDENCE, Weight.NOT_EVIDENCE, False),
        (Weight.NOT_EVIDENCE, None, True),
        (Weight.REPEATING, None, True),
        (None, Weight.TERMINAL, False),
        (None, Weight.NOT_EVIDENCE, False),
    ],
)
def test_what_is_surer(told: Weight | None, whole: Weight | None, *, is_surer: bool) -> None:
    claim, of_whole = (weight and Cause(name="n", weight=weight, headline="", do="") for weight in (told, whole))
    assert surer(claim, of_whole) is is_surer
