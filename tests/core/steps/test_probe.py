"""What answers to a probe come to: tables over single answers, and over what comes one after the other."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from msgspec import Struct
from msgspec.structs import replace

from drone_deploy_ecs.core.calls.web import Get, Reply
from drone_deploy_ecs.core.ecs.fault import Fault, FaultKind
from drone_deploy_ecs.core.request.url import Url
from drone_deploy_ecs.core.steps.kind import KindExecution, KindStep
from drone_deploy_ecs.core.steps.probe.answer import Word, follow, judge
from drone_deploy_ecs.core.steps.probe.probe import Asking, Probe
from drone_deploy_ecs.core.steps.probe.row import IN_A_ROW
from drone_deploy_ecs.core.steps.step import State
from drone_deploy_ecs.core.verdict import Verdict
from tests.core.shown import CONTEXT, NOON, TARGET, service

if TYPE_CHECKING:
    from drone_deploy_ecs.core.steps.step import Context, Execution
    from drone_deploy_ecs.core.target import Target


def url(text: str) -> Url:
    found = Url.parse(text)
    assert found is not None
    return found


SHOP = url("https://shop.example/health?token=s3cr3t")
OK, BAD = Reply(status=200, text="\n shop 2 \nmore"), Reply(status=503, text="")
UNREACHED = Fault(FaultKind.UNREACHABLE, "GET", "", "connection refused")
LATE = Fault(FaultKind.AMBIGUOUS, "GET", "", "no answer in time")


def moved(to: str, status: int = 302) -> Reply:
    return Reply(status=status, text="moved: shop 2", location=to)


# --- one answer ---


@pytest.mark.parametrize(
    ("answer", "expect", "word", "text"),
    [
        (OK, "", Word.WELL, "answered 200: shop 2"),
        (OK, "shop 2", Word.WELL, "answered 200: shop 2"),
        (OK, "shop 3", Word.BADLY, "answered 200: shop 2, without 'shop 3'"),
        (Reply(status=204), "", Word.WELL, "answered 204, with an empty body"),
        (BAD, "", Word.BADLY, "answered 503, with an empty body"),
        (Reply(status=404, text="shop 2"), "shop 2", Word.BADLY, "answered 404: shop 2"),
        (Reply(status=100), "", Word.BADLY, "answered 100, with an empty body"),
        (Reply(status=304), "", Word.WELL, "answered 304, with an empty body"),
        (Reply(status=300, text="shop 2"), "shop 2", Word.WELL, "answered 300: shop 2"),
        (moved("https://login.example/?x=s3cr3t"), "", Word.WELL, "answered 302, to https://login.example/"),
        (moved("https://login.example/"), "shop 2", Word.BADLY, "answered 302, to https://login.example/, without 'shop 2'"),
        (moved("http://shop.example/"), "", Word.WELL, "answered 302, to http://shop.example/"),
        (moved("http://shop.example/"), "shop 2", Word.BADLY, "answered 302, to http://shop.example/, without 'shop 2'"),
        (moved("https://["), "shop 2", Word.WELL, "answered 302: moved: shop 2"),
        (UNREACHED, "", Word.UNREACHED, "couldn't be reached: connection refused"),
        (LATE, "", Word.BADLY, "gave no answer in time"),
        (None, "", Word.NEITHER, "gave nothing that could be understood"),
        (Reply(status=500, text="\x1b[31m::error::no\x00 database"), "", Word.BADLY, "answered 500: : :error::no database"),
    ],
)  # fmt: skip
def test_what_an_answer_is_worth(answer: object, expect: str, word: Word, text: str) -> None:
    given = judge(SHOP, answer, 0, expect, is_alone=True)
    assert (given.word, given.text) == (word, text)
    assert "s3cr3t" not in repr(answer) + given.text


def test_without_the_text_it_counts_neither_way_while_others_serve() -> None:
    assert judge(SHOP, OK, 0, "shop 3", is_alone=False).word is Word.NEITHER
    assert judge(SHOP, BAD, 0, "shop 3", is_alone=False).word is Word.BADLY


@pytest.mark.parametrize(
    ("asked", "answer", "hops", "to"),
    [
        (SHOP, moved("/live"), 0, "https://shop.example/live"),
        (SHOP, moved("https://SHOP.example:8443/live", 308), 4, "https://shop.example:8443/live"),
        (url("http://shop.example/"), moved("https://shop.example/"), 0, "https://shop.example/"),
        (SHOP, moved("/live"), 5, None),
        (SHOP, moved("http://shop.example/"), 0, None),
        (SHOP, moved("https://other.example/"), 0, None),
        (SHOP, moved(""), 0, None),
        (SHOP, moved("/live", 201), 0, None),
        (SHOP, LATE, 0, None),
    ],
)
def test_where_is_asked_next(asked: Url, answer: object, hops: int, to: str | None) -> None:
    found = follow(asked, answer, hops)
    assert (found and str(found)) == to


def test_a_circle_of_redirects_is_no_good_answer() -> None:
    assert judge(SHOP, moved("/live"), 5, "", is_alone=True).word is Word.BADLY


# --- one after the other ---


class Sample(KindStep, Struct, frozen=True, kw_only=True):
    """A deployment of no kind."""

    target: Target | None = TARGET

    def begin(self, _context: Context, /) -> Execution:
        raise NotImplementedError


class Deployed(KindExecution, frozen=True, kw_only=True):
    """It, under way."""

    is_monitored: ClassVar[bool] = True

    step: Sample = Sample()
    is_reached: bool = False
    is_left: bool = False
    is_alone: bool = False


class Scaled(Deployed, frozen=True, kw_only=True):
    """Another step about a service."""

    is_monitored: ClassVar[bool] = False


PROBE = Probe(url=SHOP, region="eu-west-1", services=("web",))
WAITING = PROBE.begin(CONTEXT)
REACHED: Any = Deployed(is_reached=True, is_alone=True)


def asked(asking: Asking, *answers: object, every: float = 2.0) -> Asking:
    """After these answers, each when it was due."""
    now = asking.next_at
    for answer in answers:
        asking = asking.advance(answer, now)
        now = asking.next_at if asking.verdict is None else now + every
    return asking


def begun(**changes: Any) -> Asking:
    return replace(PROBE, **changes).begin(CONTEXT).heed(REACHED, 10.0)


def test_it_waits_until_the_new_version_should_serve() -> None:
    assert (WAITING.call, WAITING.due(3.0, 0.5), WAITING.state) == (None, inf, State.ACTIVE)
    assert WAITING.heed(Deployed(), 5.0) is WAITING  # type: ignore[arg-type]
    assert WAITING.advance(OK, 5.0) is WAITING
    asking = begun()
    assert asking.call == Get(region="eu-west-1", url=SHOP)
    assert (asking.due(10.0, 0.5), asking.heartbeat(12.0)) == (
        10.0,
        "still asking GET https://shop.example/health after 2 s; at last it wasn't asked yet",
    )
    assert WAITING.heartbeat(5.0) == ""


def test_of_several_services_all_must_be_there() -> None:
    both = replace(PROBE, services=("web", "api")).begin(CONTEXT)
    one = both.heed(REACHED, 10.0)
    assert one.call is None
    api: Any = replace(REACHED, step=Sample(target=replace(TARGET, name="api")))
    assert one.heed(api, 12.0).since == 12.0
    assert one.heed(replace(api, verdict=Verdict.SUPERSEDED), 12.0).since == 12.0  # what is left serves
    gone = both.heed(replace(REACHED, verdict=Verdict.FAILED), 1.0).heed(replace(api, verdict=Verdict.FAILED), 2.0)
    assert (gone.verdict, gone.results(3.0, NOON)) == (Verdict.WITHDRAWN, ())
    assert gone.heed(api, 4.0) is gone


def test_what_is_left_before_it_serves_is_nothing_to_ask() -> None:
    paused: Any = replace(REACHED, is_reached=False, is_left=True)
    left = WAITING.heed(paused, 3.0)
    assert (left.state, left.is_proven(3.0), left.call) == (State.COMPLETE, True, None)
    assert left.confirm_since(2.0, 3.0) is left
    settled = left.settle(3.0)
    assert (settled.verdict, settled.results(3.0, NOON)) == (Verdict.UNCHANGED, ())
    answered = left.heed(REACHED, 5.0)
    assert (answered.state, answered.since) == (State.ACTIVE, 5.0)


def test_what_it_isn_t_about_is_nothing_to_it() -> None:
    other: Any = replace(REACHED, step=Sample(target=replace(TARGET, name="db")))
    nobody: Any = replace(REACHED, step=Sample(target=None))
    assert (WAITING.heed(other, 1.0), WAITING.heed(nobody, 1.0)) == (WAITING, WAITING)


def test_three_in_a_row_complete_it() -> None:
    asking = asked(begun(), OK, OK)
    assert (asking.state, asking.stable_at, asking.is_proven(20.0)) == (State.ACTIVE, None, False)
    asking = asked(asking, OK)
    assert (asking.state, asking.completed_at, asking.next_at) == (State.COMPLETE, 14.0, 19.0)
    assert (asking.is_proven(14.0), asking.heartbeat(15.0)) == (True, "")
    settled = asking.settle(15.0)
    assert (settled.verdict, settled.settle(16.0), settled.abort(Verdict.FAILED, "", 16.0)) == (
        Verdict.COMPLETED,
        settled,
        settled,
    )
    (result,) = settled.results(16.0, NOON)
    assert (result.title, result.ended) == ("probe https://shop.example/health", "answered 200: shop 2")
    assert [answer.word for answer in result.answers] == ["well"] * 3


def test_it_is_confirmed_and_stays_so_long() -> None:
    asking = asked(begun(stable_for=30.0), OK, OK, OK)
    assert (asking.stable_at, asking.is_proven(43.0), asking.is_proven(44.0)) == (44.0, False, True)
    confirming = asking.confirm_since(50.0, 50.0)
    assert (confirming.confirm_since(40.0, 60.0), confirming.is_proven(60.0)) == (confirming, False)
    assert confirming.glanced(OK, 60.0).is_proven(60.0)
    lost = asked(asking, BAD)
    assert (lost.state, lost.stable_at) == (State.ACTIVE, None)
    assert asked(lost, OK, OK, OK).stable_at == 44.0  # it needn't begin anew
    assert asking.stand_by(100.0) is asking
    assert asking.taught(None) is asking
    assert asking.step is not PROBE


@pytest.mark.parametrize(
    ("answers", "verdict", "at_last"),
    [
        ([OK, OK, BAD] * 11, Verdict.FAILED, 70.0),
        ([LATE] * 40, Verdict.FAILED, 70.0),
        ([UNREACHED] * 40, Verdict.FAILED, 70.0),
        ([OK, OK, OK, BAD, BAD, BAD], Verdict.FAILED, 23.0),
        ([OK, OK, OK, BAD, UNREACHED, BAD, None, BAD], Verdict.FAILED, 27.0),
        ([OK, OK, OK, BAD, BAD, OK] + [OK, OK, BAD] * 10, None, 0.0),
        ([OK, OK, OK, *([BAD, OK, OK] * 11)], Verdict.FAILED, 79.0),
        ([OK, OK, OK, *([UNREACHED] * 14)], None, 0.0),
        ([OK, OK, OK, *([UNREACHED] * 20)], Verdict.FAILED, 49.0),
        ([OK, UNREACHED, OK, UNREACHED, OK], None, 0.0),
    ],
)  # fmt: skip
def test_what_ends_it(answers: list[object], verdict: Verdict | None, at_last: float) -> None:
    asking = asked(begun(), *answers)
    assert asking.verdict is verdict
    if verdict:
        assert (asking.seen_at, asking.fails_target) == (at_last, asking.reason)
        assert asking.stable_at is None
        assert asked(asking, OK) is asking
        assert asking.news(asking) is not None
        (result,) = asking.results(at_last, NOON)
        assert (result.verdict, [cause.name for cause in result.causes], result.ended_at) == (verdict, ["probe"], NOON)
    else:
        assert asking.fails_target == ""


def test_while_nothing_answers_it_isn_t_proven() -> None:
    asking = asked(begun(), OK, OK, OK, UNREACHED)
    assert (asking.state, asking.stable_at, asking.next_at) == (State.COMPLETE, None, 21.0)


def test_the_time_it_has_ends_only_with_what_counts() -> None:
    """That the runner's network was away as the time ended proves nothing."""
    asking = asked(begun(), *[BAD, OK] * 14, BAD, *[UNREACHED] * 4)
    assert (asking.seen_at, asking.verdict) == (74.0, None)
    assert asked(asking, BAD).verdict is Verdict.FAILED


def test_beside_others_the_text_counts_neither_way_until_they_are_gone() -> None:
    blue: Any = Scaled(step=Sample(target=replace(TARGET, name="blue")), service=service(running=2))
    asking = begun(expect="shop 3", beside=("blue",))
    assert asking.heed(replace(blue, service=None), 11.0) is asking
    assert asking.heed(blue, 11.0) is asking
    asking = asked(asking, *[OK] * 40)
    assert (asking.verdict, asking.row.well, asking.has) == (None, 0, 100.0)
    assert asked(asking, *[OK] * 11).verdict is Verdict.FAILED  # at the end of the run's own budget
    alone = asking.heed(replace(blue, service=service(running=0)), 91.0)
    assert (alone.is_alone, alone.window, alone.has) == (True, 91.0, 60.0)
    assert asked(alone, *[OK] * 32).verdict is Verdict.FAILED
    assert not alone.heed(blue, 92.0).is_alone


def test_once_it_was_well_the_time_isn_t_begun_anew_by_others() -> None:
    blue: Any = Scaled(step=Sample(target=replace(TARGET, name="blue")), service=service(running=0))
    asking = asked(begun(expect="shop 2", beside=("blue",)), OK, OK, OK)
    assert asking.heed(blue, 20.0).window == asking.window


def test_a_redirect_is_one_more_call_and_no_answer() -> None:
    asking = begun().advance(moved("/live"), 10.0)
    assert asking.call == Get(region="eu-west-1", url=url("https://shop.example/live"))
    assert (asking.row.kept, asking.due(10.0, 0.5)) == ((), 10.0)
    asking = asking.advance(OK, 10.5)
    assert (asking.hops, asking.row.well, asking.url) == (0, 1, SHOP)


def test_what_is_told() -> None:
    def told(before: Asking, after: Asking) -> list[str]:
        return [text for _, text in after.news(before)]

    first = begun()
    name = "GET https://shop.example/health"
    assert told(WAITING, first) == [f"asking {name} from now on; it has 1 m to answer well"]
    bad = asked(first, BAD)
    assert told(first, bad) == [f"{name} answered 503, with an empty body"]
    assert told(bad, asked(bad, BAD)) == []  # once
    good = asked(bad, OK, OK)
    assert told(good, asked(good, OK)) == [f"{name} answered well 3 times in a row; at last it answered 200: shop 2"]
    many = asked(first, *[Reply(status=500, text=f"at {number}") for number in range(25)])
    assert len(many.row.told) == 10


def test_what_is_kept_is_bounded() -> None:
    assert len(asked(begun(), *[OK] * 200).row.kept) == 60


def test_what_the_plan_says() -> None:
    step = replace(PROBE, expect="shop 2", undo="none")
    assert (
        str(step)
        == "Probe: GET https://shop.example/health must answer 2xx or 3xx with 'shop 2', 3 times in a row, 2 s apart"
    )
    assert len(list(step.explain())) == 3
    assert (step.target, step.concerns(TARGET), step.concerns(None), IN_A_ROW) == (None, True, False, 3)
    assert "s3cr3t" not in f"{step!r}{step.begin(CONTEXT)!r}"
