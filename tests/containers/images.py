"""Test images: a few kilobytes around busybox, which behave as `deployments.toml` says. No registry but ministack's."""

from __future__ import annotations

import io
import json
import shlex
import tarfile
from typing import TYPE_CHECKING

from tests.containers.engine import BUSYBOX
from tests.deployments import images

if TYPE_CHECKING:
    from drone_deploy_ecs.simulator.behaviour import Behaviour
    from tests.containers.engine import Engine

# busybox as process 1 ignores SIGTERM unless told otherwise: every stop would take the full 5 s.
_SERVE = "trap 'exit 0' TERM; httpd -p 80 -h /www; while :; do sleep 3600 & wait; done"
_NO_COMMAND = "/bin/no-such-command"
SCRIPTS = images()
SERVING = tuple(tag for tag, script in SCRIPTS.items() if not script.start_error and script.exits_after is None)


def _command(script: Behaviour) -> list[str]:
    """What a container runs to behave so."""
    if _NO_COMMAND in script.start_error:
        return [_NO_COMMAND]
    if script.start_error:
        raise ValueError(f"no image can fail to start with {script.start_error!r}")
    if script.exits_after is None:
        return ["/bin/sh", "-c", _SERVE]
    wait = f"sleep {script.exits_after:g} & wait; " if script.exits_after else ""
    says = "".join(f"echo {shlex.quote(line)} >&2; " for line in script.log)
    return ["/bin/sh", "-c", f"trap 'exit 0' TERM; {wait}{says}exit {script.exit_code}"]


def push_all(engine: Engine, repository: str) -> None:
    """Put every image but the absent one into `repository` ("127.0.0.1:PORT/rig/web"), and keep none in the daemon.

    So each task's image is pulled, as on a fresh container instance.
    """
    commands = {tag: _command(one) for tag, one in SCRIPTS.items() if not one.start_error.startswith("CannotPull")}
    for tag, command in commands.items():
        engine.docker("import", "--change", f"CMD {json.dumps(command)}", "-", f"{repository}:{tag}", stdin=_tree(tag))
        engine.docker("push", "--quiet", f"{repository}:{tag}")
    engine.docker("rmi", *(f"{repository}:{tag}" for tag in commands))


def _tree(page: str) -> bytes:
    """A file system as a tar: busybox, the four names it is called by, and a page that tells the version."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        _add(tar, "bin/busybox", BUSYBOX.read_bytes(), mode=0o755)
        for name in ("sh", "httpd", "sleep", "cat"):
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
        _add(tar, "etc/passwd", b"root:x:0:0:root:/:/bin/sh\n", mode=0o644)
        _add(tar, "www/index.html", f"{page}\n".encode(), mode=0o644)
    return packed.getvalue()


def _add(tar: tarfile.TarFile, path: str, content: bytes, mode: int) -> None:
    entry = tarfile.TarInfo(path)
    entry.size, entry.mode = len(content), mode
    tar.addfile(entry, io.BytesIO(content))
