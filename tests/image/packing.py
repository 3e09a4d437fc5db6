"""`scripts/pack_image.py`, which is no package's: it runs in the build stage, where nothing of ours is installed."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

SCRIPT = Path(__file__).parents[2] / "scripts" / "pack_image.py"


def _load() -> ModuleType:
    spec = spec_from_file_location("pack_image", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


packing = _load()
SERVICES: tuple[str, ...] = packing.SERVICES
