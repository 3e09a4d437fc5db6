"""What every page says of a run: a headline, a row for each service, why it failed, and a few outputs."""

from __future__ import annotations

import re
from collections import Counter
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from drone_deploy_ecs.core.causes.cause import describe
from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.ecs.service import runs
from drone_deploy_ecs.core.exit_code import ExitCode
from drone_deploy_ecs.core.report import sentences
from drone_deploy_ecs.core.report.json import as_json
from drone_deploy_ecs.core.report.report import worst_first
from drone_deploy_ecs.core.report.sentences import failed_steps, heaviest, last_line
from drone_deploy_ecs.core.target import where
from drone_deploy_ecs.core.text import safe, span
from drone_deploy_ecs.core.verdict import EndState, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from drone_deploy_ecs.core.report.outcome import Outcome
    from drone_deploy_ecs.core.report.report import Report
    from drone_deploy_ecs.core.steps.result import StepResult

FEW = 3
"""Up to this many services are named in a headline; more are counted."""
LONGEST = 1000
"""Characters of an output. GitLab takes a dotenv file of 5 KB, and outputs are the same everywhere."""


class Row(NamedTuple):
    """How one service fared, each text in one clean line. `link` is its page in the AWS console.

    `strategy` is that by which ECS shifts its traffic, and where that isn't over the stage; "" where it shifts none.
    """

    service: str
    verdict: str
    stands: EndState
    runs: str
    before: str
    deployment: str
    strategy: str
    link: str

    @property
    def standing(self) -> str:
        """What it runs, and the strategy where ECS shifts its traffic: `web:2 (2 of 2 tasks), CANARY`."""
        return f"{self.runs}, {self.strategy}" if self.strategy else self.runs


class Reason(NamedTuple):
    """One cause of a service's failure: what happened (and how often), what was seen of it, and what to do."""

    what: str
    times: int
    seen: tuple[str, ...]
    log: tuple[str, ...]
    do: str


class StepRow(NamedTuple):
    """How a step fared that is told of by itself, each text in one clean line."""

    title: str
    verdict: Verdict
    ended: str
    what: str
    took: str


class Failure(NamedTuple):
    """What has no good verdict, and why: in a sentence (may be empty), and by the evidence.

    `service` is the service's name, or what people call a step that is told of by itself. `strategy` as in a
    row.
    """

    service: str
    verdict: str
    why: str
    reasons: tuple[Reason, ...]
    strategy: str = ""


def headline(report: Report) -> str:
    """The log's last line; of many services it gives the numbers."""
    if len(report.outcomes) <= FEW:
        return safe(last_line(report), LONGEST).rstrip(".")
    services = f"{len(report.outcomes)} services, {counted(report.standing.values())}"
    return f"{report.verdict.value}: {'; '.join((*failed_steps(report), services))}"


def counted(end_states: Iterable[EndState]) -> str:
    """How many services are in which end state: `all new`, or `38 as before, 2 not as before`."""
    numbers = Counter(end_state.value for end_state in end_states).most_common()
    return f"all {numbers[0][0]}" if len(numbers) == 1 else ", ".join(f"{count} {name}" for name, count in numbers)


def subject(report: Report) -> str:
    """What was deployed where, and how long that took."""
    took = report.finished_at - report.started_at
    return f"{safe(report.request.subject)} {where(report.located)}, {span(took.total_seconds())}"


def cluster_link(report: Report) -> str:
    """The page in the AWS console of the cluster, or the first of several."""
    first, *_ = report.located
    return _link(first.region, short(first.cluster), "services")


def rows(report: Report) -> list[Row]:
    """A row for every service, the worst first."""
    return [_row(report, outcome) for outcome in worst_first(report)]


def _row(report: Report, outcome: Outcome) -> Row:
    target = outcome.target
    page = f"services/{quote(safe(target.service), safe='')}/deployments"
    return Row(
        service=safe(target.name),
        verdict=outcome.verdict.value,
        stands=outcome.end_state,
        runs=safe(runs(outcome.service) if outcome.service else outcome.running) or "nothing",
        before=safe(short(target.before)),
        deployment=safe(outcome.deployment),
        strategy=_strategy(report, outcome),
        link=_link(target.region, short(target.cluster), page),
    )


def ways_on(report: Report) -> list[tuple[str, str]]:
    """How to go on and how to go back from the pauses that services were left at: the service, and what to do."""
    return list(sentences.ways_on(report.outcomes))


def _strategy(report: Report, outcome: Outcome) -> str:
    traffic = report.shifted(outcome)
    return f"{traffic.strategy} at {traffic.stage}" if traffic.stage else traffic.strategy


def failures(report: Report) -> list[Failure]:
    """Steps and services whose own verdict isn't good, or that are stranded, in the report's order."""
    good = (Verdict.COMPLETED, Verdict.UNCHANGED, Verdict.WITHDRAWN, Verdict.PAUSED)
    steps = [
        Failure(safe(step.title), step.verdict.value, safe(step.ended), tuple(_reasons(step)))
        for step in report.steps
        if step.verdict not in good
    ]
    failed = (
        Failure(
            service=safe(outcome.target.name),
            strategy=_strategy(report, outcome),
            verdict=outcome.verdict.value,
            why=safe(outcome.reason),
            reasons=tuple(_reasons(outcome)),
        )
        for outcome in report.outcomes
        if outcome.verdict not in good or outcome.is_stranded
    )
    return [*steps, *(failure for failure in failed if failure.why or failure.reasons)]


def _reasons(failed: Outcome | StepResult) -> Iterator[Reason]:
    for cause, do in heaviest(failed):
        yield Reason(describe(cause), cause.count, tuple(map(safe, cause.evidence)), tuple(map(safe, cause.log)), do)


def steps(report: Report) -> list[StepRow]:
    """A row for every step that is told of by itself, in order."""
    return [
        StepRow(safe(step.title), step.verdict, safe(step.ended), safe(step.what), _took(step)) for step in report.steps
    ]


def _took(step: StepResult) -> str:
    return span((step.ended_at - step.began_at).total_seconds()) if step.began_at and step.ended_at else ""


def problems(report: Report) -> list[tuple[str, str]]:
    """Why nothing was written: what is wrong, and what to do."""
    return [(safe(problem.what), safe(problem.do)) for problem in report.problems]


def outputs(report: Report) -> dict[str, str]:
    """Outputs for later steps, by name: the texts of several services are separated by commas, in the report's order.

    No value needs quoting in a file of `NAME=value` lines, whichever program reads it.
    """
    services = as_json(report)["services"]
    hooks = [outcome.pause.hook if outcome.pause else "" for outcome in report.outcomes]
    stages = [_bare(report.shifted(outcome).stage) for outcome in report.outcomes]
    return {
        "verdict": report.verdict.value,
        "exit_code": str(int(report.exit_code)),
        **{
            name: _listed([_bare(service[member]) for service in services])
            for name, member in (
                ("running", "running"),
                ("deployment_id", "deployment_id"),
                ("before", "before"),
                ("strategy", "strategy"),
            )
        },
        "stage": _listed(stages) if any(stages) else "",
        "hook_id": _listed(list(map(_bare, hooks))) if any(hooks) else "",
    }


def variables(report: Report) -> str:
    """The outputs where they become variables of an environment: `ECS_RUNNING=web:43` and so on, a line each."""
    return "".join(f"ECS_{name.upper()}={value}\n" for name, value in outputs(report).items())


class Mood(Enum):
    """How a page is to look."""

    GOOD = "good"
    """The new version is what runs."""
    WAITING = "waiting"
    """It waits for somebody's approval: neither good nor bad."""
    BAD = "bad"


def mood(report: Report) -> Mood:
    """How the run's page is to look."""
    if report.exit_code != ExitCode.DONE:
        return Mood.BAD
    return Mood.WAITING if report.verdict is Verdict.PAUSED else Mood.GOOD


def _listed(texts: list[str]) -> str:
    """Separated by commas; too long a list ends after a whole text, with three dots in place of the rest."""
    whole = ",".join(texts)
    return whole if len(whole) <= LONGEST else whole[: whole.rindex(",", 0, LONGEST - 3)] + ",..."


def _bare(text: str) -> str:
    return re.sub(r"[^\w.:/-]", "_", text, flags=re.ASCII)


_CONSOLES = {"cn": "console.amazonaws.cn", "us-gov": "console.amazonaws-us-gov.com"}
"""By what a region's name begins with: each partition has a console of its own."""


def _link(region: str, cluster: str, page: str) -> str:
    console = next(
        (host for start, host in _CONSOLES.items() if region.startswith(f"{start}-")), "console.aws.amazon.com"
    )
    return f"https://{region}.{console}/ecs/v2/clusters/{quote(cluster, safe='')}/{page}?region={region}"
