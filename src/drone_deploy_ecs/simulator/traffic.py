"""Who gets the users' requests: the weights of two listeners, and the truth that follows from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from drone_deploy_ecs.simulator.model import Deployment, Service

PRODUCTION, TEST = "production", "test"
LISTENERS = (PRODUCTION, TEST)
NUMBERS = {PRODUCTION: "9683b2d02a6cabee", TEST: "1b2c3d4e5f6a7b8c"}
MANAGED = ("ALB", "NLB", "SERVICE_CONNECT")
BALANCED = ("ALB", "NLB")


def sides(service: Service) -> tuple[str, ...]:
    """The target groups between which its traffic is shifted, or names for what Service Connect has in their place.

    One where nothing is shifted.
    """
    first = service.target_group or "blue"
    if service.strategy == "ROLLING" or service.shifting.balancer not in MANAGED:
        return (first,)
    return first, alternate(service) or "green"


def alternate(service: Service) -> str:
    """The second target group's ARN, "" without any."""
    if service.shifting.alternate or not service.target_group:
        return service.shifting.alternate
    path, _, number = service.target_group.rpartition("/")
    return f"{path}-2/{number}"


def side_of(service: Service, deployment: Deployment) -> str:
    """Where its tasks are."""
    return deployment.target_group or sides(service)[0]


def weights(service: Service, listener: str = PRODUCTION) -> dict[str, float]:
    """Per cent by target group, as the listener's rule has it."""
    first, *others = sides(service)
    return service.weights.setdefault(listener, {first: 100.0, **dict.fromkeys(others, 0.0)})


def serving(service: Service) -> list[str]:
    """The target groups that production traffic is sent to."""
    return [side for side, weight in weights(service).items() if weight]


def route(service: Service, listener: str, live: str, percent: float) -> None:
    """The other side gets so many per cent, `live` the rest."""
    service.weights[listener] = {side: 100.0 - percent if side == live else percent for side in sides(service)}


def by_deployment(service: Service, listener: str = PRODUCTION) -> dict[str, float]:
    """The truth: per cent of the listener's requests by deployment id, "" for what nobody is there to answer.

    A target group shares its part among the healthy tasks in it; without any it is sent to what is bound to it.
    """
    shares: dict[str, float] = {}
    for side, weight in weights(service, listener).items():
        for name, part in _parts(service, side).items() if weight else ():
            shares[name] = shares.get(name, 0.0) + weight * part
    return shares


def _parts(service: Service, side: str) -> Mapping[str, float]:
    bound = [deployment for deployment in service.deployments if side_of(service, deployment) == side]
    healthy = {each.id: sum(task.is_healthy for task in each.alive) for each in bound}
    total = sum(healthy.values())
    if total:
        return {name: count / total for name, count in healthy.items() if count}
    return {next((each.id for each in bound if each.alive), bound[0].id if bound else ""): 1.0}


def by_revision(service: Service, listener: str = PRODUCTION) -> dict[str, float]:
    """The same by `family:revision`."""
    names = {each.id: each.task_definition.rpartition("/")[2] for each in service.history}
    shares: dict[str, float] = {}
    for name, share in by_deployment(service, listener).items():
        shares[names.get(name, "")] = shares.get(names.get(name, ""), 0.0) + share
    return shares


# --- as Elastic Load Balancing shows it ---


def rule_arn(service: Service, listener: str) -> str:
    """The ARN of the rule of an Application Load Balancer, or of a Network Load Balancer's listener."""
    prefix = service.arn_prefix.replace(":ecs:", ":elasticloadbalancing:")
    if service.shifting.balancer == "NLB":
        return f"{prefix}listener/net/{service.name}/50dc6c495c0c9188/{NUMBERS[listener]}"
    return f"{prefix}listener-rule/app/{service.name}/50dc6c495c0c9188/f2f7dc8efc522ab2/{NUMBERS[listener]}"


def listener_arn(service: Service, listener: str) -> str:
    """The ARN of the listener that the rule is of."""
    arn = rule_arn(service, listener)
    return arn if ":listener/" in arn else arn.rpartition("/")[0].replace(":listener-rule/", ":listener/")


def rules(services: Mapping[tuple[str, str], Service], balancer: str) -> Iterator[tuple[Service, str]]:
    """Service and listener of every rule there is, behind balancers of that kind."""
    for service in services.values():
        if service.target_group and service.strategy != "ROLLING" and service.shifting.balancer == balancer:
            yield from ((service, listener) for listener in LISTENERS)


def forward_action(service: Service, listener: str) -> dict[str, object]:
    """A rule's action. Weights are whole numbers up to 999, so tenths of a per cent are shown in thousandths.

    That ECS writes them so is unconfirmed.
    """
    shares = weights(service, listener)
    scale = 1 if all(share.is_integer() for share in shares.values()) else 10
    groups = [{"TargetGroupArn": side, "Weight": round(share * scale)} for side, share in shares.items()]
    return {"Type": "forward", "Order": 1, "ForwardConfig": {"TargetGroups": groups}}
