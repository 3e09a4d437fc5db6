"""A turn of the scheduler for services whose strategy shifts traffic, and what begins or ends a deployment of them.

It knows the stages' table (`stages`), and no strategy by name. A stage lasts one turn at the least.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.simulator import stages, traffic
from drone_deploy_ecs.simulator.lifecycle import say, say_steady
from drone_deploy_ecs.simulator.model import Shift
from drone_deploy_ecs.simulator.native import hooks
from drone_deploy_ecs.simulator.scheduler import STOPPED_BY_HAND, forget, is_tripped, register, start_some, stop_some

if TYPE_CHECKING:
    from drone_deploy_ecs.simulator.account import Account
    from drone_deploy_ecs.simulator.model import Deployment, Service
    from drone_deploy_ecs.simulator.stages import Stage

STARTS_AFTER = 0.1
"""Seconds from createdAt to startedAt, as captured (kayac/ecspresso 929)."""
DAY = 86400.0
"""A stage or step may last 24 hours (developer guide); beside its own bake, which may be as long."""
NETWORK = "Service deployment rolled back because of invalid networking configuration."
BREAKER = "Service deployment rolled back because the circuit breaker threshold was exceeded."
ALARM = "Service deployment rolled back because of triggered alarm(s): {names}."
"""Unconfirmed: no page has this `statusReason`."""
OVERDUE = "Service deployment rolled back because {stage} exceeded 24 hours."
"""Unconfirmed: only the limit is documented."""
NO_CANDIDATE = "No rollback candidate was found to run the rollback."


def begin(account: Account, service: Service, deployment: Deployment) -> None:
    """UpdateService: what was under way is over, and this one starts, whatever that one has left behind."""
    now = account.clock.monotonic()
    for each in service.history[:-1]:
        if each.shift and each.finished is None:
            each.end("STOPPED", now, each.outcome_reason)  # seen of one IN_PROGRESS; of a rollback unconfirmed
    candidate = _candidate(service, deployment)
    # Developer guide: where more than one revision is active. Without any that was successful, none is taken away.
    reconciles = candidate is not None and any(each is not candidate and each.present for each in service.others)
    deployment.outcome = "PENDING"
    deployment.shift = Shift(
        strategy=service.strategy,
        shifting=service.shifting,
        stages=stages.forward(service.strategy, service.shifting, reconciles=reconciles),
        kept=[candidate] if candidate else [],
        ignored=frozenset(service.tripped),
        live=traffic.side_of(service, candidate) if candidate and reconciles else "",
        returns_to=candidate,
    )

    def start() -> None:
        shift = _shift(deployment)
        if deployment.outcome == "PENDING":
            deployment.outcome, shift.started = "IN_PROGRESS", account.clock.monotonic()
            _enter(account, service, deployment)
            account.changed(service)

    account.clock.call_in(STARTS_AFTER, start)


def _candidate(service: Service, but: Deployment) -> Deployment | None:
    """What a rollback goes back to: the newest that was successful, or had nothing left to do but to clean up."""
    return next((each for each in reversed(service.history) if each is not but and _has_served(each)), None)


def _has_served(deployment: Deployment) -> bool:
    shift = deployment.shift
    cleans = shift is not None and shift.rolled_back is None and shift.stage is stages.CLEAN_UP
    return deployment.outcome == "SUCCESSFUL" or cleans


def tick(account: Account, service: Service) -> None:
    """One turn."""
    if service.status != "ACTIVE" or not service.deployments:
        return
    register(account, service)
    newest = service.history[-1]
    if newest.shift and newest.finished is None:
        _advance(account, service, newest)
    _see_to_tasks(account, service)
    forget(account, service)
    primary = service.primary
    if primary.state == "COMPLETED" and not service.others and _is_complete(service, primary):
        say_steady(account, service)
    account.changed(service)


def _advance(account: Account, service: Service, deployment: Deployment) -> None:
    shift, now = _shift(deployment), account.clock.monotonic()
    if deployment.outcome == "PENDING":
        return
    if deployment.outcome == "STOP_REQUESTED":
        fail(account, service, deployment, deployment.outcome_reason, roll_back=False)
        return
    if deployment.outcome == "ROLLBACK_REQUESTED":
        fail(account, service, deployment, deployment.outcome_reason)
        return
    if shift.is_watched and _is_seen_to_fail(account, service, deployment):
        return
    refusal = hooks.refusal(account, shift)
    if not refusal and now > shift.entered + DAY + _bake(shift):
        refusal = OVERDUE.format(stage=_stage(shift).name)
    if refusal:
        _refuse(account, service, deployment, refusal)
        return
    _move(account, service, deployment)
    if _is_over(account, service, shift):
        shift.stages = shift.stages[1:]
        _go_on(account, service, deployment)


def _is_seen_to_fail(account: Account, service: Service, deployment: Deployment) -> bool:
    """Whether the circuit breaker or an alarm has failed it."""
    shift = _shift(deployment)
    shift.triggered = [name for name in service.alarms if name in service.tripped and name not in shift.ignored]
    if shift.triggered:
        why = ALARM.format(names=", ".join(shift.triggered))
        fail(account, service, deployment, why, roll_back=service.alarms_roll_back)
    elif shift.shifting.breaker_counts and is_tripped(service, deployment):
        shift.is_tripped = True
        deployment.reason = "ECS deployment circuit breaker: tasks failed to start."
        fail(account, service, deployment, BREAKER, roll_back=bool(service.breaker and service.breaker.rollback))
    return shift.rolled_back is not None or deployment.finished is not None


# --- stages ---


def _enter(account: Account, service: Service, deployment: Deployment) -> None:
    """The next stage begins."""
    shift = _shift(deployment)
    stage, now = shift.stages[0], account.clock.monotonic()
    shift.stage, shift.entered, shift.moved = stage, now, None
    deployment.updated = now
    fault = shift.shifting.obstacles.get(stage.name, "") if shift.rolled_back is None else ""
    if stage.starts and shift.rolled_back is None:
        fault = fault or _allot(service, deployment)
        shift.kept.append(deployment)
    if fault:
        fail(account, service, deployment, fault)
        return
    shift.production = shift.production if stage.production is None else stage.production
    shift.test = shift.test if stage.test is None else stage.test
    if stage.clears:
        _clear(service, deployment, stage)
    hooks.invoke(account, deployment, shift, stage.name)


def _allot(service: Service, deployment: Deployment) -> str:
    """Its target group: the one that gets no production traffic, by the rule. Why that can't be told, else "".

    Recorded runs show that ECS reads the rule, not the service: where somebody reset it, both revisions share a group.
    """
    shift, sides, serving = _shift(deployment), traffic.sides(service), traffic.serving(service)
    rule = traffic.rule_arn(service, traffic.PRODUCTION)
    strange = [side for side in serving if side not in sides]
    if strange:
        expected = f"targetGroupArn: {sides[0]} or alternateTargetGroupArn: {sides[-1]}"
        return (
            f"{NETWORK} Production listener rule is forwarding traffic to unexpected target group {strange[0]}. "
            f"Expected traffic to be forwarded to either {expected}"
        )
    if len(serving) != 1:
        count = f"{len(serving)} target groups which are serving traffic"
        return f"{NETWORK} productionListenerRule {rule} should have exactly one target group serving traffic but found {count}"
    shift.live = serving[0]
    deployment.target_group = next((side for side in sides if side != shift.live), "" if len(sides) == 1 else sides[-1])
    return ""


def _clear(service: Service, deployment: Deployment, stage: Stage) -> None:
    """What goes: on the way back all but what is returned to; on the way up what was superseded; at its end the old."""
    shift = _shift(deployment)
    stays: list[Deployment | None] = [shift.returns_to]
    if shift.rolled_back is None:
        stays = [deployment, shift.returns_to] if stage is stages.RECONCILE else [deployment]
    shift.gone = [each for each in service.deployments if each not in stays]
    shift.kept = [each for each in shift.kept if each in stays]


def _move(account: Account, service: Service, deployment: Deployment) -> None:
    """The listeners' rules are rewritten in the middle of the stage, once somebody is there to answer (unconfirmed)."""
    shift, now = _shift(deployment), account.clock.monotonic()
    stage = _stage(shift)
    if not stage.shifts or shift.moved is not None or now < shift.entered + account.timing.shift / 2:
        return
    receiver = deployment if stage.production or stage.test else shift.returns_to
    if receiver and service.desired and not any(task.is_healthy for task in receiver.alive):
        return
    shift.moved = now
    if shift.live and len(traffic.sides(service)) > 1:
        for listener, percent in ((traffic.PRODUCTION, stage.production), (traffic.TEST, stage.test)):
            if percent is not None:
                traffic.route(service, listener, shift.live, percent)


def _is_over(account: Account, service: Service, shift: Shift) -> bool:
    stage, now = _stage(shift), account.clock.monotonic()
    shifted = shift.entered
    if stage.shifts:
        if shift.moved is None:
            return False
        longer = account.timing.network_shift if shift.shifting.balancer == "NLB" else 0.0
        shifted = shift.moved + account.timing.shift / 2 + longer
    return (
        now >= shifted + _bake(shift)
        and not (stage.starts and not all(_is_complete(service, each) for each in shift.kept))
        and not (stage.clears and any(each.present for each in shift.gone))
        and not any(run.is_open for run in shift.runs)
    )


def _go_on(account: Account, service: Service, deployment: Deployment) -> None:
    """To the first of the stages that are left, or to its end."""
    shift = _shift(deployment)
    if shift.stages:
        _enter(account, service, deployment)
        return
    now = account.clock.monotonic()
    back = shift.rolled_back is not None
    winner = shift.returns_to if back and shift.returns_to else deployment
    deployment.end("ROLLBACK_SUCCESSFUL" if back else "SUCCESSFUL", now, deployment.outcome_reason)
    shift.kept = [winner]
    winner.state, winner.updated, winner.desired = "COMPLETED", now, service.desired
    winner.reason = f"ECS deployment {winner.id} completed."
    # Captured: completed and steady come when the replaced tasks are stopped, not when traffic is shifted.
    say(account, service, f"(deployment {winner.id}) deployment completed.")


# --- ends ---


def alarm(_account: Account, _service: Service) -> None:
    """Seen at the next turn: ECS asks for the alarms' states."""


def stop(_account: Account, _service: Service, deployment: Deployment, kind: str) -> None:
    """StopServiceDeployment, done at the next turn. ABORT is in the model and on no page: its end is unconfirmed."""
    deployment.outcome = "ROLLBACK_REQUESTED" if kind == "ROLLBACK" else "STOP_REQUESTED"
    deployment.outcome_reason = STOPPED_BY_HAND


def answer_pauses(deployment: Deployment, action: str) -> int:
    """Answer every pause that it waits at; how many there were."""
    waiting = [run for run in deployment.shift.runs if run.status == "AWAITING_ACTION"] if deployment.shift else []
    for run in waiting:
        if deployment.outcome == "IN_PROGRESS":
            hooks.answer(deployment, run.id, action)
    return len(waiting)


def _refuse(account: Account, service: Service, deployment: Deployment, why: str) -> None:
    """A hook refuses, or a stage takes too long. On the way back that is its end; unconfirmed."""
    shift = _shift(deployment)
    if shift.rolled_back is None:
        fail(account, service, deployment, why)
        return
    deployment.end("ROLLBACK_FAILED", account.clock.monotonic(), why)
    service.primary.state = "FAILED"
    say(account, service, f"(deployment {deployment.id}) deployment failed: {why}")


def fail(account: Account, service: Service, failed: Deployment, why: str, *, roll_back: bool = True) -> None:
    """The way back begins; without a rollback everything stays where it is, and the deployment is STOPPED."""
    now, shift = account.clock.monotonic(), _shift(failed)
    failed.state, failed.updated, failed.outcome_reason = "FAILED", now, why
    # Captured: the reason of a first deployment stood only in this event.
    say(account, service, f"(deployment {failed.id}) deployment failed: {why}")
    candidate = shift.returns_to
    if not roll_back:
        failed.end("STOPPED", now, why)
    elif candidate is None:
        failed.end("ROLLBACK_FAILED", now, NO_CANDIDATE)
    else:
        _return(account, service, failed, candidate)


def _return(account: Account, service: Service, failed: Deployment, candidate: Deployment) -> None:
    """PRIMARY is what served before, by the same id: a rollback makes no new revision."""
    now, shift = account.clock.monotonic(), _shift(failed)
    failed.status, failed.outcome = "ACTIVE", "ROLLBACK_IN_PROGRESS"
    candidate.status, candidate.state, candidate.updated = "PRIMARY", "IN_PROGRESS", now
    candidate.reason = f"ECS deployment {candidate.id} in progress."
    service.deployments = [candidate, *(each for each in service.deployments if each is not candidate)]
    say(account, service, f"rolling back to deployment {candidate.id}.")
    shift.rolled_back, shift.rollback_reason = now, failed.outcome_reason
    shift.production = shift.test = 0.0
    shift.kept, shift.gone = [candidate], [each for each in shift.gone if each is not candidate]
    elsewhere = {
        listener: bool(shift.live) and traffic.weights(service, listener).get(shift.live) != stages.WHOLE
        for listener in traffic.LISTENERS
    }
    shift.stages = tuple(
        stage
        for stage, is_needed in (
            (stages.SCALE_UP, not _is_complete(service, candidate)),
            (stages.PRODUCTION_BACK, elsewhere[traffic.PRODUCTION]),
            (stages.TEST_BACK, elsewhere[traffic.TEST]),
            (stages.CLEAN_UP, any(each.present for each in service.others)),
        )
        if is_needed
    )
    _go_on(account, service, failed)


# --- tasks ---


def _see_to_tasks(account: Account, service: Service) -> None:
    """Both revisions are kept at the service's desired count for as long as both are wanted."""
    shift, primary = service.history[-1].shift, service.primary
    for each in shift.kept if shift else [primary]:
        spare = sorted((task for task in each.alive if not task.is_protected), key=lambda task: task.is_healthy)
        stop_some(account, service, spare[: max(0, len(each.alive) - service.desired)], primary)
        start_some(account, service, each, service.desired - len(each.alive))
    for each in shift.gone if shift else ():
        stop_some(account, service, [task for task in each.alive if not task.is_protected], primary)
        each.desired = len(each.alive)


def _is_complete(service: Service, deployment: Deployment) -> bool:
    return sum(task.is_healthy for task in deployment.alive) >= service.desired


def _bake(shift: Shift) -> float:
    return _stage(shift).bake * 60.0


def _stage(shift: Shift) -> Stage:
    assert shift.stage is not None
    return shift.stage


def _shift(deployment: Deployment) -> Shift:
    assert deployment.shift is not None
    return deployment.shift
