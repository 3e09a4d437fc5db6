"""Foreign text stays text in every syntax that it goes into: Markdown, workflow commands, JSON, `NAME=value` files."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from msgspec.structs import replace

from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.core.text import safe
from drone_deploy_ecs.output.ci import drone, github, gitlab, markdown
from drone_deploy_ecs.output.ci.answer import outputs, variables
from drone_deploy_ecs.output.ci.put import TEMPLATE
from tests.card.runs import report, story

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from markdown_it.token import Token

    from drone_deploy_ecs.core.report.outcome import Outcome
    from drone_deploy_ecs.core.report.report import Report

SYNTAX = (
    "\n", "\r", "\r\n", "::", "::error::", "::set-output name=a::b", "##[", "%0A", "%", "=", "<<", "<<EOF\n", "EOF", ",", "|",
    "\\", "\\|", "`", "```", "````\n", "~~~", "*", "**", "_", "# ", "- ", "1. ", "> ", "---", "[a](b)", "![", "](", "]", "<b>",
    "</details>", "</pre>", "<!--", "<script>", "&lt;", "&#124;", "https://a.example", "www.a.example", "a@b.example", "$", "${x}",
    "$(x)", "$$", '"', "'", "{", "}", "\x1b]0m", "\x1b]1338;", "\u2028", "\u202e", "\x00", "\ud800", "\t", " ", "x", "é", "🚀",
)  # fmt: skip
FOREIGN = st.lists(st.sampled_from(SYNTAX) | st.text(max_size=8), max_size=12).map("".join)
WHOLE = report(story("rolled_back")[0], **story("rolled_back")[1])
TOLD = replace(WHOLE, timeline=WHOLE.timeline[:3])
CONSOLE = "https://eu-west-1.console.aws.amazon.com/ecs/v2/clusters/prod/"
COMMONMARK = MarkdownIt("gfm-like", {"linkify": False})


def spoken(text: str) -> Report:
    """A report that quotes `text` wherever one quotes what others say."""
    return replace(
        TOLD,
        outcomes=tuple(_spoken(one, text) for one in TOLD.outcomes),
        timeline=tuple(replace(one, text=safe(f"{one.text} {text}")) for one in TOLD.timeline),
    )


def _spoken(outcome: Outcome, text: str) -> Outcome:
    causes = tuple(
        replace(one, reason=f"said {text}", container=f"c{text}", stop_code=f"s{text}", log=(text, f"x{text}"), evidence=(f"e{text}",))
        for one in outcome.causes
    )  # fmt: skip
    target = replace(outcome.target, name=f"n{text}", before=f"b{text}")
    return replace(outcome, target=target, causes=causes, reason=f"r{text}; {text}", deployment=f"ecs-svc/{text}")


def refused(text: str) -> Report:
    """A report of a run that wrote nothing, because of `text`."""
    return replace(TOLD, outcomes=(), problems=(Problem(f"{text}x", text), Problem(f"x{text}", "")))


def tokens(some: Iterable[Token]) -> Iterator[Token]:
    for one in some:
        yield one
        yield from tokens(one.children or ())


def structure(text: str) -> list[tuple[str, str, bool]]:
    """What a page would consist of, but for its texts."""
    found = (one for one in tokens(COMMONMARK.parse(text)) if one.type not in ("text", "text_special"))
    return [(one.type, one.tag, str(one.attrs.get("href", "")).startswith(CONSOLE)) for one in found]


def shown(text: str) -> str:
    """The texts that a page would show."""
    return "".join(
        one.content for one in tokens(COMMONMARK.parse(text)) if one.type in ("text", "text_special", "fence")
    )


@given(text=FOREIGN)
@example("````")
@example("|")
@pytest.mark.parametrize("told", [spoken, refused])
def test_foreign_text_adds_nothing_to_markdown(told: Callable[[str], Report], text: str) -> None:
    assert structure(markdown.summary(told(text))) == structure(markdown.summary(told("word")))


@given(text=FOREIGN)
@example("|")
@example("\\|")
def test_foreign_text_is_shown_whole_in_markdown(text: str) -> None:
    page = shown(markdown.summary(spoken(text)))
    assert safe(f"x{text}") in page
    assert safe(f"e{text}") in page
    assert safe(f"ecs-svc/{text}") in page


@pytest.mark.parametrize(
    "text", ["https://a.example", "www.a.example", "WWW.a.example", "a@b.example", "<https://a.example>"]
)
def test_no_address_becomes_a_link(text: str) -> None:
    """GitHub makes links of bare addresses, which the parser above doesn't."""
    assert not re.search(r"(?<!\\)(://|@)|www\.", markdown.plain(text), re.IGNORECASE)


@given(text=FOREIGN, limit=st.integers(500, 4000))
def test_a_summary_never_exceeds_its_limit(text: str, limit: int) -> None:
    assert len(markdown.summary(spoken(text * 40), limit).encode()) <= limit


@given(text=FOREIGN)
@pytest.mark.parametrize("told", [spoken, refused])
def test_foreign_text_stays_in_the_message_of_the_workflow_command(told: Callable[[str], Report], text: str) -> None:
    command = github.annotation(told(text))
    assert command.splitlines() == [command.removesuffix("\n")]
    _, properties, message = command.rstrip("\n").split("::", 2)
    assert properties == "error title=drone-deploy-ecs%3A " + told(text).verdict.value
    assert not re.search(r"%(?!25|0D|0A)", message)
    plain = message.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")
    assert 2 <= len(plain.split("\n")) <= 4


@given(text=FOREIGN)
def test_outputs_are_lines_that_mean_nothing_to_anybody(text: str) -> None:
    told = spoken(text)
    names = ["verdict", "exit_code", "running", "deployment_id", "before", "strategy", "stage", "hook_id"]
    lines = github.outputs(told).split("\n")
    assert [re.fullmatch(r"(\w+)=[A-Za-z0-9_.:/,-]*", line) is not None for line in lines] == [True] * 8 + [False]
    assert [line.partition("=")[0] for line in lines[:8]] == names
    assert dict(line.split("=") for line in lines[:8]) == outputs(told)
    assert variables(told) == "".join(f"ECS_{name.upper()}={value}\n" for name, value in outputs(told).items())


@given(text=FOREIGN)
def test_foreign_text_stays_in_its_place_in_gitlab_s_json(text: str) -> None:
    found, plain = (json.loads(gitlab.links(spoken(one)))["drone-deploy-ecs"] for one in (text, "word"))
    assert len(found) == len(plain)
    assert all(
        re.fullmatch(rf"{re.escape(CONSOLE)}[\w.%/~-]+\?region=eu-west-1", one["external_link"]["url"]) for one in found
    )
    assert all(list(one) == ["external_link"] and list(one["external_link"]) == ["label", "url"] for one in found)


def test_gitlab_takes_the_links_of_many_services_with_the_longest_names() -> None:
    (outcome,) = TOLD.outcomes
    many = tuple(
        replace(
            outcome, target=replace(outcome.target, name=f"{number:0255}", service=f"{number:0255}", cluster="c" * 255)
        )
        for number in range(200)
    )
    text = gitlab.links(replace(TOLD, outcomes=many, request=replace(TOLD.request, cluster="c" * 255)))
    assert 40 * 1024 < len(text) < 80 * 1024
    assert all(len(one["external_link"]["label"]) <= 200 for one in json.loads(text)["drone-deploy-ecs"])


@given(text=FOREIGN)
def test_a_card_is_one_line_below_what_a_container_engine_splits(text: str) -> None:
    template = TEMPLATE.read_text()
    card = drone.marked(drone.card(spoken(text * 50), template))
    assert len(card) < 16 * 1024
    assert re.fullmatch(r"\x1b\]1338;[A-Za-z0-9+/=]+\x1b\]0m\n", card)
    whole = json.loads(b64decode(card.removeprefix("\x1b]1338;").removesuffix("\x1b]0m\n"), validate=True))
    assert whole["schema"] == drone.address(template)
    assert whole["data"] in [drone.shown(spoken(text * 50), most) for most in drone.LENGTHS]


def test_a_full_card_is_one_line_below_what_a_container_engine_splits() -> None:
    """Everything that is shown as long as can be, in characters of four bytes."""
    long = spoken("🚀" * 1000)
    (outcome,) = long.outcomes
    causes = tuple(replace(one, log=("🚀" * 1000,) * 10) for one in outcome.causes * 5)
    many = (replace(outcome, causes=causes),) * 10
    card = drone.marked(drone.card(replace(long, outcomes=many), TEMPLATE.read_text()))
    assert 8 * 1024 < len(card) < 16 * 1024


def test_the_template_s_address_fits_into_drone_s_table() -> None:
    assert len(drone.address(TEMPLATE.read_text())) <= drone.ADDRESS
