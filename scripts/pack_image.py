"""What the image adds to its base, laid out in its build stage: trimmed to what a run can read, and with bytecode.

`pack_image.py settled APP ROOT` copies the venv APP, and the bytecode of the standard library, to ROOT.
`pack_image.py own ROOT` makes the bytecode of what pip has installed under ROOT.
"""

from __future__ import annotations

import compileall
import gzip
import json
import re
import shutil
import sys
import sysconfig
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

SERVICES = (
    # the plugin's own clients, and those that only preflight makes
    *("application-autoscaling", "cloudwatch", "ecs", "elbv2", "logs", "secretsmanager", "sts"),
    *("ecr", "iam", "lambda", "ssm"),
    # those that only runs with `schedules` make
    *("events", "scheduler"),
    # those of botocore's credential chain: single sign-on, and `aws login`
    *("signin", "sso", "sso-oidc"),
)
"""The services whose models stay in the image."""
UNREAD = re.compile(
    r"/(dist-packages|ensurepip|idlelib|lib2to3|pydoc_data|site-packages|test|tests|tkinter|turtledemo|venv)(/|$)"
)
"""Parts of the standard library that no run imports. Without bytecode they would still work, only more slowly."""

UNUSED = shutil.ignore_patterns("activate*", "Activate*", "include", "*.pyi")
"""Parts of the venv that a container has no use for."""


def main(argv: Sequence[str]) -> None:
    """Do one of the two."""
    what, *places = argv
    *app, root = map(Path, places)
    if what == "settled":
        (packages,) = app[0].glob("lib/python*/site-packages")
        trim(packages / "botocore" / "data")
        # Where `pip --target` puts programs, such as jmespath's: on nobody's PATH.
        shutil.rmtree(packages / "bin", ignore_errors=True)
        shutil.copytree(app[0], root / app[0].relative_to("/"), symlinks=True, ignore=UNUSED)
        copy_bytecode(Path(sysconfig.get_path("stdlib")), root)
    make_bytecode(root / "opt", known_as=Path("/opt"))


def trim(models: Path) -> None:
    """Keep of botocore's models what SERVICES need: the others are four fifths of its size."""
    if absent := [name for name in SERVICES if not (models / name).is_dir()]:
        sys.exit(f"botocore has no {', '.join(absent)}; does it go by another name now?")
    for folder in models.iterdir():
        if folder.is_dir() and folder.name not in SERVICES:
            shutil.rmtree(folder)
    trim_endpoints(models / "endpoints.json", {*SERVICES, *(prefix(models / name) for name in SERVICES)})


def trim_endpoints(path: Path, kept: set[str]) -> None:
    """The same file without the other services. Every client reads it all: that was a sixth of the start-up."""
    endpoints = json.loads(path.read_bytes())
    for partition in endpoints["partitions"]:
        partition["services"] = {name: rules for name, rules in partition["services"].items() if name in kept}
    path.write_text(json.dumps(endpoints, separators=(",", ":")))


def prefix(service: Path) -> str:
    """The name that endpoints.json has for a service."""
    newest = max(service.iterdir())
    model = json.loads(gzip.decompress((newest / "service-2.json.gz").read_bytes()))
    return str(model["metadata"]["endpointPrefix"])


def copy_bytecode(library: Path, root: Path) -> None:
    """The standard library's bytecode. The official images come without: to compile it would cost every start."""
    make_bytecode(library, known_as=library, skip=UNREAD)
    for cache in library.rglob("__pycache__"):
        if not UNREAD.search(str(cache)):
            shutil.copytree(cache, root / cache.relative_to("/"))


def make_bytecode(folder: Path, known_as: Path, skip: re.Pattern[str] | None = None) -> None:
    """Bytecode that is never checked: a read-only root couldn't renew it, and a copy's time can't vouch for it."""
    mode = PycInvalidationMode.UNCHECKED_HASH
    made = compileall.compile_dir(
        folder, quiet=1, force=True, workers=0, rx=skip, stripdir=folder, prependdir=known_as, invalidation_mode=mode
    )
    if not made:
        sys.exit(f"some of {folder} has no bytecode")


if __name__ == "__main__":
    main(sys.argv[1:])
