"""The names of things in what ECS says: what to allow, and whom; which image, log group, bucket, subnet."""

from __future__ import annotations

import re

from drone_deploy_ecs.core.text import safe

_AT_MOST = 3
_LENGTH = 120
_PATTERNS: dict[str, str] = {
    "action": r"not authorized to perform: \(?([\w-]+:\w+)",
    "role": r":(?:iam::\d*:role|sts::\w*:assumed-role)/([\w+=,.@-]+)",
    "image": r"(?:failed to resolve ref \"?|normalize image reference \"|pull access denied for |manifest for |Error: image |cannot pull ')([\w./:@-]+[\w])(?=[\s,:\"']|$)",
    "log group": r":log-group:([\w./#-]+)",
    "bucket": r"(?:arn:[\w-]+:s3:::|s3://)([\w.-]+)",
    "file system": r"\b(fs-[0-9a-f]+)\b",
    "key": r":key/([\w-]+)",
    "subnet": r"\b(subnet-[0-9a-f]+)\b",
    "security group": r"\b(sg-[0-9a-f]+)\b",
    "target group": r"(?:targetgroup/|target-group )([\w-]+)",
    "port": r"\(port (\d+)\)",
    "zone": r"\b([a-z]{2}(?:-[a-z]+)+-\d[a-z])\b",
    "host": r"lookup ([\w.-]+[\w])",
    "command": r"exec: [\"\\\s]*([^\"\\\s]+)",
    "path": r"mounting [\w.:-]*:(/\S*?) failed",
    "hook": r":function:([\w-]+)",
    "rule": r":(listener-rule/[\w/-]+)",
}
"""What is never shown is a secret's name: AWS puts it into ARNs, which are masked."""


def named(kinds: tuple[str, ...], text: str) -> str:
    """The things of these kinds that the text names: `role deploy, log group /ecs/web`; "" for none."""
    found = ((kind, dict.fromkeys(re.findall(_PATTERNS[kind], text, re.IGNORECASE))) for kind in kinds)
    return ", ".join(f"{kind} {safe(name, _LENGTH)}" for kind, names in found for name in list(names)[:_AT_MOST])
