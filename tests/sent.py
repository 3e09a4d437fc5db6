"""The calls that a run sends: only for those is anybody asked for a permission."""

from __future__ import annotations

from pathlib import Path

import drone_deploy_ecs
from drone_deploy_ecs.core.calls.catalogue import CALLS

SOURCE = Path(drone_deploy_ecs.__file__).parent
TEXTS = [
    path.read_text(encoding="utf-8")
    for folder in ("core/causes", "core/plan", "core/preflight", "core/steps", "run")
    for path in (SOURCE / folder).rglob("*.py")
]
SENT = tuple(call for call in CALLS if any(f"{call.__name__}(" in text for text in TEXTS))
