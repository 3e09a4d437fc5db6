"""A service that is to be updated, in a word."""

from __future__ import annotations

from typing import Any

from drone_deploy_ecs.core.preflight.check import Subject
from tests.core.shown import read_service

HERE = "eu-west-1"
IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop:2"


def subject(*, before: dict[str, Any] | None = None, service: dict[str, Any] | None = None, **body: Any) -> Subject:
    """Service web of two tasks, in account 1, with these members of its description and of its task definition."""
    described = {
        "serviceName": "web",
        "serviceArn": "arn:aws:ecs:eu-west-1:1:service/prod/web",
        "launchType": "FARGATE",
        "desiredCount": 2,
        "runningCount": 2,
    }
    if service is not None:
        described.pop("launchType")
    found = read_service({**described, **(service or {})})
    return Subject(name="web", region=HERE, service=found, desired=2, body=body, before=before or {})
