"""The report as JSON, for programs: a published shape that has a version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.text import safe

if TYPE_CHECKING:
    from datetime import datetime

    from drone_deploy_ecs.core.causes.cause import Cause
    from drone_deploy_ecs.core.pause import Pause
    from drone_deploy_ecs.core.report.counts import Count
    from drone_deploy_ecs.core.report.outcome import Outcome
    from drone_deploy_ecs.core.report.report import Report
    from drone_deploy_ecs.core.report.traffic import Stage, Weight
    from drone_deploy_ecs.core.request.request import Request
    from drone_deploy_ecs.core.steps.result import StepResult

VERSION = 2
"""Grows when a member changes its meaning or goes away, or a closed list has a new name. 2: Paused, and `pause`."""


def as_json(report: Report) -> dict[str, Any]:
    """The report in its published shape (docs/report.schema.json)."""
    return {
        "version": VERSION,
        "action": report.request.action,
        "build": _build(report.request),
        "verdict": report.verdict.value,
        "exit_code": int(report.exit_code),
        "started_at": report.started_at.isoformat(),
        "finished_at": report.finished_at.isoformat(),
        "problems": [{"what": safe(problem.what), "do": safe(problem.do)} for problem in report.problems],
        "services": [_service(report, outcome) for outcome in report.outcomes],
        "steps": [_step(step) for step in report.steps],
        "api_calls": dict(sorted(report.api_calls.items())),
        "timeline": [
            {"at": event.at.isoformat(), "kind": event.kind.value, "service": event.service, "text": event.text}
            for event in report.timeline
        ],
    }


def _build(request: Request) -> dict[str, Any]:
    build = request.build
    return {
        "commit": build.commit,
        "committed_at": _moment(build.committed_at),
        "number": build.number if request.build_number is None else request.build_number,
        "attempt": build.attempt,
        "who": safe(build.who),
        "page": safe(build.page),
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _service(report: Report, outcome: Outcome) -> dict[str, Any]:
    target, traffic = outcome.target, report.shifted(outcome)
    return {
        "region": target.region,
        "cluster": short(target.cluster),
        "service": target.service,
        "verdict": outcome.verdict.value,
        "stands": outcome.end_state.value,
        "before": short(target.before),
        "target": outcome.revision,
        "running": outcome.running,
        "deployment_id": outcome.deployment,
        "failed": outcome.failed,
        "deployed_at": _moment(report.deployed_at(outcome)),
        "restored_at": _moment(report.restored_at(outcome)),
        "reason": safe(outcome.reason),
        "causes": [_cause(cause) for cause in outcome.causes],
        "pause": _pause(outcome.pause) if outcome.pause else None,
        "counts": [_count(count) for count in report.counted(outcome)],
        "strategy": traffic.strategy or (outcome.service.strategy.name if outcome.service else ""),
        "traffic": [_weight(weight) for weight in traffic.weights],
        "stages": [_stage(stage) for stage in traffic.stages],
    }


def _pause(pause: Pause) -> dict[str, Any]:
    return {
        "stage": safe(pause.stage),
        "hook_id": safe(pause.hook),
        "service_deployment": safe(pause.arn),
        "production_percent": pause.share,
        "expires_at": _moment(pause.expires_at),
        "timeout_action": safe(pause.timeout_action),
    }


def _step(step: StepResult) -> dict[str, Any]:
    return {
        "kind": step.kind,
        "name": safe(step.name),
        "what": safe(step.what),
        "service": step.target.name if step.target else "",
        "verdict": step.verdict.value,
        "ended": safe(step.ended),
        "stands": step.end_state.value if step.end_state else "",
        "began_at": _moment(step.began_at),
        "ended_at": _moment(step.ended_at),
        "exit_code": step.exit_code,
        "causes": [_cause(cause) for cause in step.causes],
        "log": list(step.log),
        "answers": [
            {"at": answer.at.isoformat(), "word": answer.word, "text": safe(answer.text)} for answer in step.answers
        ],
    }


def _count(count: Count) -> dict[str, Any]:
    return {
        "at": count.at.isoformat(),
        "revision": count.revision,
        "deployment_id": count.deployment,
        "desired": count.desired,
        "running": count.running,
        "pending": count.pending,
        "failed": count.failed,
    }


def _weight(weight: Weight) -> dict[str, Any]:
    return {
        "at": weight.at.isoformat(),
        "revision": weight.revision,
        "deployment_id": weight.deployment,
        "weight": weight.percent,
    }


def _stage(stage: Stage) -> dict[str, Any]:
    return {
        "at": stage.at.isoformat(),
        "name": stage.name,
        "status": stage.status,
        "awaits": stage.awaits,
        "bakes": stage.bakes,
    }


def _cause(cause: Cause) -> dict[str, Any]:
    return {
        "name": cause.name,
        "weight": cause.weight.value,
        "headline": cause.headline,
        "container": safe(cause.container),
        "exit_code": cause.exit_code,
        "stop_code": safe(cause.stop_code),
        "reason": safe(cause.reason),
        "task": short(cause.task),
        "count": cause.count,
        "advice": cause.advice,
        "log": list(cause.log),
        "evidence": list(cause.evidence),
    }
