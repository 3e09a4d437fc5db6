"""The page on permissions and the README's list, of the table in `core/permissions/table.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.core.permissions.policy import Policy
from drone_deploy_ecs.core.permissions.table import FEATURES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from drone_deploy_ecs.core.permissions.feature import Feature

ROLLING = 3
"""The first so many make the README's list."""

HOW_TO = """\
## The policy for your settings

`drone-deploy-ecs policy`, or `action: policy` in a pipeline, prints the least policy for a deployment with these very
settings, and writes nothing. It needs neither `image` nor `container`:

```console
$ drone-deploy-ecs policy --aws-region eu-west-1 --cluster demo --service web
{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "ReadServices",
      "Effect": "Allow",
      "Action": "ecs:DescribeServices",
      "Resource": "arn:aws:ecs:eu-west-1:123456789012:service/demo/web"
    },
…
```

For another action, name it in the environment: `PLUGIN_ACTION=watch drone-deploy-ecs policy …` prints what `watch` takes with
these settings, which writes nothing.

It reads the services, and puts in what it finds: account, families, the roles to pass, log groups; of target groups,
alarms and tags, whether there are any. What it may not read, or isn't there, stays in capitals; standard error says what
and why, so standard output is the policy alone. Print it with an identity that may read, such as your own, and give it to
the one that deploys.

- A pattern in `service` (`tenant-*`) stays one in `Resource`. Families, roles and log groups are those of the services that
  match it now.
- With `aws_role_arn` the statement `AssumeTheRole` is for the identity that the step starts with, all the others are for
  the role.
- IAM takes 6,144 characters in a managed policy. Where the statements have more, those with the same resources become
  one; where that isn't enough, standard error says so.
"""


BY_STRATEGY = """\
## By strategy

| `mode`, and the service's own strategy | Beside [every deployment](#every-deployment) and [reasons](#reasons) |
| --- | --- |
| `rolling`, ROLLING | nothing; [service deployments](#service-deployments) show more |
| `rolling`, [BLUE_GREEN, LINEAR or CANARY](how-to/native-strategies.md) | [service deployments](#service-deployments) and [ECS's own strategies](#ecss-own-strategies) |
| [`blue-green`](blue-green.md) | [blue/green](#bluegreen); service deployments show more |
| [`blue-green-cluster`](blue-green.md#two-colours-named-by-a-secret) | [live colour](#live-colour); service deployments show more |

[Logs](#logs), [target health](#target-health) and [alarms](#alarms) show more with every one of them.

With BLUE_GREEN, LINEAR and CANARY it is ECS that changes the listeners' rules, with a role of its own
(`loadBalancers[].advancedConfiguration.roleArn`). The identity that deploys needs nothing of that, nor to pass that role.
"""
"""Which of the features one needs."""


def document(features: Sequence[Feature]) -> str:
    """As an IAM policy."""
    return str(Policy(tuple(statement for feature in features for statement in feature.statements)))


def readme_actions() -> str:
    """What a rolling deployment needs, and what tells more of a failure, in two lines."""
    needed, reasons, tags = (_actions(feature) for feature in FEATURES[:ROLLING])
    return f"A rolling deployment needs {needed} (that for the roles that task definitions name); to say why it failed, {reasons}; where task definitions have tags, {tags}.\n"


def permissions_page(by: str) -> str:
    """Every feature with its statements."""
    return "\n".join([
        "# Permissions\n",
        f"{by} Here: `FEATURES` in `src/drone_deploy_ecs/core/permissions/table.py`.\n",
        "What AWS must allow, by feature: take the statements of those that you use. Replace what is in capitals; a",
        "deployment over several services names each in `Resource`. It needs nothing that isn't on this page.\n",
        "| Feature | Needed | Without it |",
        "| --- | --- | --- |",
        *(f"| [{one.name}](#{anchor(one.name)}) | {_actions(one)} | {one.without} |" for one in FEATURES),
        "",
        BY_STRATEGY,
        HOW_TO,
        *map(_section, FEATURES),
    ])  # fmt: skip


def anchor(heading: str) -> str:
    """As both GitHub and the site call it."""
    return heading.lower().replace("/", "").replace("'", "").replace(" ", "-")


def _actions(feature: Feature) -> str:
    names = dict.fromkeys(name for statement in feature.statements for name in statement.actions)
    return ", ".join(f"`{name}`" for name in names)


def _section(feature: Feature) -> str:
    return f"## {feature.name}\n\n{feature.what}\n\n```json\n{document([feature])}```\n"
