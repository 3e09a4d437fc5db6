"""The report as one page that needs nothing else: no script, no font, no image, no network."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from drone_deploy_ecs.core.causes.cause import brief
from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.ecs.service import without_service
from drone_deploy_ecs.core.event import Kind
from drone_deploy_ecs.core.report.report import worst_first
from drone_deploy_ecs.core.report.sentences import MOST_CAUSES, SUMMARIES, stands
from drone_deploy_ecs.core.text import safe, span
from drone_deploy_ecs.core.verdict import EndState, Verdict
from drone_deploy_ecs.output.html import steps, timeline, traffic
from drone_deploy_ecs.output.html.markup import document, each, tag
from drone_deploy_ecs.output.html.style import STYLE
from drone_deploy_ecs.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from xml.etree.ElementTree import Element

    from drone_deploy_ecs.core.causes.cause import Cause
    from drone_deploy_ecs.core.report.outcome import Outcome
    from drone_deploy_ecs.core.report.report import Report
    from drone_deploy_ecs.core.request.request import Request
    from drone_deploy_ecs.core.steps.result import StepResult

MARKS = {"well": "●", "badly": "✕"}
"""Of a probe's answers; what counts neither way is a ring."""
FEW = 4
"""Up to this many services are all shown in full; of more, only those in trouble."""
ALLOWED = "default-src 'none'; style-src 'unsafe-inline'"
"""Nothing is fetched or run, even if something found its way into the page."""
SIGNS = {"good": "✓", "bad": "✗", "odd": "!"}


def page(report: Report) -> str:
    """The whole page."""
    order = worst_first(report)
    in_full: list[Outcome] = []
    rest: list[Outcome] = []
    for outcome in order:
        is_full = len(order) <= FEW or outcome.failed or outcome.end_state.is_odd
        (in_full if is_full else rest).append(outcome)
    main = tag(
        "main",
        _refusals(report),
        _standing(order),
        _warnings(report),
        _steps(report),
        *(_in_full(report, outcome, f"service-{number}") for number, outcome in enumerate(in_full, 1)),
        _other_services(report, rest, "The other services" if in_full else "All services"),
        _log(report),
    )
    return document(tag("html", _head(report), tag("body", _header(report), main, _footer(report)), lang="en"))


def _head(report: Report) -> Element:
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", http_equiv="Content-Security-Policy", content=ALLOWED),
        tag("title", f"{report.verdict.value}: {_subject(report)}"),
        tag("style", STYLE),
    )


def _subject(report: Report) -> str:
    request = report.request
    services = [outcome.target.name for outcome in report.outcomes] or list(map(short, request.services))
    whom = ", ".join(services) if len(services) <= FEW else f"{len(services)} services"
    return f"{request.brief} on {whom}"


def _tone(verdict: Verdict) -> str:
    return "good" if verdict.is_good else "bad" if verdict.fails_the_run else "odd"


def _badge(verdict: Verdict) -> Element:
    tone = _tone(verdict)
    return tag("span", tag("span", SIGNS[tone], aria_hidden="true"), f" {verdict.value}", class_=f"badge {tone}")


# --- the whole run ---


def _header(report: Report) -> Element:
    request = report.request
    took = (report.finished_at - report.started_at).total_seconds()
    facts = {
        **_deployed(request),
        "Cluster": ", ".join(dict.fromkeys(short(target.cluster) for target in report.located)),
        "Region": ", ".join(dict.fromkeys(target.region for target in report.located)),
        "Started": f"{report.started_at:%Y-%m-%d %H:%M:%S} UTC",
        "Took": span(took),
        "Exit code": str(int(report.exit_code)),
    }
    return tag(
        "header",
        tag("p", "Deployment to Amazon ECS", class_="kicker"),
        tag("h1", _badge(report.verdict), " ", _subject(report)),
        _facts(facts),
        class_=_tone(report.verdict),
    )


def _deployed(request: Request) -> dict[str, str]:
    """What is new: an image, if that is all; else everything that was asked for."""
    if request.about:
        return {}
    is_image = all(edit.images and edit.containers for edit in request.edits) and not request.revision
    return {"Image": request.brief, "Container": ", ".join(request.edited)} if is_image else {"New": request.subject}


def _facts(facts: dict[str, str]) -> Element:
    pairs = (tag("div", tag("dt", name), tag("dd", value)) for name, value in facts.items() if value)
    return tag("dl", *pairs, class_="facts")


def _refusals(report: Report) -> Element | None:
    if not report.problems:
        return None
    listed = (
        tag(
            "li",
            tag("p", tag("strong", safe(problem.what))),
            tag("p", safe(problem.do), class_="do") if problem.do else None,
        )
        for problem in report.problems
    )
    return _section("refused", "Refused: nothing was changed", tag("ul", *listed, class_="problems"))


def _standing(order: Sequence[Outcome]) -> Element | None:
    """What runs now: a sentence for each service, or a count where many are in one state."""
    lines = []
    for end_state, summary in SUMMARIES.items():
        tone = "good" if end_state.is_good else "bad" if end_state is EndState.NOT_AS_BEFORE else "odd"
        alike = [outcome for outcome in order if outcome.end_state is end_state]
        if len(alike) <= FEW:
            lines += [tag("li", f"{stands(outcome)}.", class_=tone) for outcome in alike]
        else:
            lines.append(tag("li", f"{len(alike)} services {summary}.", class_=tone))
    if not lines:
        return None
    return _section("now", "What runs now", tag("ul", *lines, class_="standing"))


def _warnings(report: Report) -> Element | None:
    events = [event for event in report.timeline if event.kind is Kind.WARNING]
    if report.problems or not events:
        return None
    messages = ((event.service, event.text.removeprefix("Warning: ")) for event in events)
    lines = (tag("li", f"{service}: " if service else "", text) for service, text in messages)
    few = tag("details", _count_summary(len(events), "warning"), tag("ul", *lines), open=len(events) <= FEW)
    return _section("warnings", "Warnings", few)


def _section(name: str, title: str, *children: Element | None) -> Element:
    return tag("section", tag("h2", title, id=name), *children, aria_labelledby=name, class_=name)


def _count_summary(count: int, what: str) -> Element:
    return tag("summary", f"{count:,} {what}{'' if count == 1 else 's'}")


def _log(report: Report) -> Element:
    lines = (
        tag("li", timeline.moment(event.at), " ", tag("b", event.service) if event.service else None, " ", event.text)
        for event in report.timeline
    )
    whole = tag("details", _count_summary(len(report.timeline), "line"), tag("ol", *lines, class_="lines"))
    return _section("log", "Log of the run", whole)


def _footer(report: Report) -> Element:
    calls = ", ".join(f"{name} {count}" for name, count in sorted(report.api_calls.items()))
    return tag(
        "footer", tag("p", f"drone-deploy-ecs {__version__}. Calls to AWS: {calls or 'none'}. All times are UTC.")
    )


# --- one service ---


def _in_full(report: Report, outcome: Outcome, name: str) -> Element:
    facts = {
        "End state": outcome.end_state.value,
        "Ran before": short(outcome.target.before) or "nothing COMPLETED",
        "Was to run": outcome.revision or "a revision that was never registered",
        "Runs now": outcome.running,
        "Deployment": outcome.deployment,
        "Strategy": report.shifted(outcome).strategy,
        "Waits at": safe(outcome.pause.place) if outcome.pause else "",
    }
    return tag(
        "article",
        tag("h2", _badge(outcome.verdict), " ", outcome.target.name, id=name),
        tag("p", safe(outcome.reason), class_="reason") if outcome.reason else None,
        _facts(facts),
        _causes(outcome),
        *_rollout(report, outcome, name),
        aria_labelledby=name,
        class_=_tone(outcome.verdict),
    )


def _causes(failed: Outcome | StepResult) -> Element | None:
    if not failed.causes:
        return None
    first, more = failed.causes[:MOST_CAUSES], failed.causes[MOST_CAUSES:]
    rest = tag("ol", *map(_cause, more), start=MOST_CAUSES + 1, class_="causes")
    return tag(
        "div",
        tag("h3", "Why"),
        tag("ol", *map(_cause, first), class_="causes"),
        tag("details", _count_summary(len(more), "more cause"), rest) if more else None,
    )


def _cause(cause: Cause) -> Element:
    quoted = safe(without_service(cause.reason)) if cause.reason else "no reason given" if cause.task else ""
    stop_code = f" [{safe(cause.stop_code)}]" if cause.stop_code else ""
    times = f" · {cause.count:,} times" if cause.count > 1 else ""
    log = tag("figure", tag("figcaption", f"The end of its log, {len(cause.log)} lines"),
              tag("pre", "\n".join(cause.log))) if cause.log else None  # fmt: skip
    return tag(
        "li",
        tag("p", tag("strong", brief(cause)), times),
        tag("p", "ECS says: ", tag("q", quoted), stop_code, class_="said") if quoted or stop_code else None,
        each("ul", (tag("li", line) for line in cause.evidence), class_="seen"),
        tag("p", tag("b", "What to do: "), cause.advice, class_="do") if cause.advice else None,
        log,
    )


def _rollout(report: Report, outcome: Outcome, name: str) -> Iterator[Element | None]:
    story = timeline.story(report, outcome)
    marks = list(timeline.marks(report, outcome.target.name, story.seconds))
    if story.shown or marks:
        yield tag("h3", "What happened")
    if story.shown:
        yield tag(
            "figure", timeline.picture(story, marks, name), tag("figcaption", timeline.legend(story)), class_="rollout"
        )
    yield timeline.listed(marks)
    if story.shown:
        counts = _scrollable(timeline.table(story), f"Counts of {outcome.target.name}")
        shifted = traffic.table(story)
        weights = shifted if shifted is None else _scrollable(shifted, f"Traffic of {outcome.target.name}")
        yield tag("details", tag("summary", "The picture as a table"), counts, weights)


# --- steps that are told of by themselves ---


def _steps(report: Report) -> Element | None:
    if not report.steps:
        return None
    picture = steps.bars(report, {verdict.value: _tone(verdict) for verdict in Verdict})
    return _section("steps", "Beside the services", picture, *map(_step, report.steps))


def _step(step: StepResult) -> Element:
    took = (step.ended_at - step.began_at).total_seconds() if step.began_at and step.ended_at else None
    facts = {
        "Began": f"{step.began_at:%H:%M:%S} UTC" if step.began_at else "",
        "Took": "" if took is None else span(took),
        "End state": step.end_state.value if step.end_state else "",
    }
    lines = tag("details", _count_summary(len(step.log), "line of its log"), tag("pre", "\n".join(step.log)))
    return tag(
        "article",
        tag("h3", _badge(step.verdict), " ", safe(step.title)),
        tag("p", safe(step.ended), class_="reason"),
        tag("p", safe(step.what), class_="said"),
        _facts(facts),
        _causes(step),
        _answers(step) if step.answers else None,
        lines if step.log else None,
        class_=_tone(step.verdict),
    )


def _answers(step: StepResult) -> Element:
    """A row of dots, the last answer at its end; what each was is in its title."""
    dots = (
        tag(
            "span",
            MARKS.get(answer.word, "○"),
            class_=answer.word,
            title=f"{answer.at:%H:%M:%S} UTC: {safe(answer.text)}",
        )
        for answer in step.answers
    )
    words = ", ".join(f"{count} {word}" for word, count in Counter(answer.word for answer in step.answers).items())
    return tag("p", *dots, f" {words}", class_="dots")


# --- the others ---


def _other_services(report: Report, rest: Sequence[Outcome], title: str) -> Element | None:
    if not rest:
        return None
    heads = ("Service", "Verdict", "End state", "Ran before", "Was to run", "Runs now", "Tasks over time")
    whole = tag(
        "table",
        tag("thead", tag("tr", *(tag("th", head, scope="col") for head in heads))),
        tag("tbody", *(_row(report, outcome) for outcome in rest)),
    )
    return _section("others", title, _scrollable(whole, f"Table of {title[:1].lower()}{title[1:]}"))


def _row(report: Report, outcome: Outcome) -> Element:
    story = timeline.story(report, outcome)
    texts = (outcome.end_state.value, short(outcome.target.before), outcome.revision, outcome.running)
    return tag(
        "tr",
        tag("th", outcome.target.name, scope="row"),
        tag("td", _badge(outcome.verdict)),
        *(tag("td", text) for text in texts),
        tag("td", timeline.spark(story)),
    )


def _scrollable(table: Element, name: str) -> Element:
    """A table may be wider than a telephone; by keyboard, too."""
    return tag("div", table, class_="scrollable", tabindex="0", role="region", aria_label=name)
