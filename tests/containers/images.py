"""Test images: a few kilobytes around busybox, each with one behaviour baked in. No registry but ministack's own."""

from __future__ import annotations

import io
import json
import tarfile
from typing import TYPE_CHECKING, Literal, get_args

from tests.containers.engine import BUSYBOX

if TYPE_CHECKING:
    from tests.containers.engine import Engine

# "absent" is never pushed: a deployment of it can't pull.
Tag = Literal["v1", "v2", "crash", "late", "nocmd", "absent"]
SERVING: tuple[Tag, ...] = ("v1", "v2")

# busybox as process 1 ignores SIGTERM unless told otherwise: every stop would take the full 5 s.
_SERVE = "trap 'exit 0' TERM; httpd -p 80 -h /www; while :; do sleep 3600 & wait; done"
_LATE = "trap 'exit 0' TERM; sleep 5 & wait; echo 'late: the queue went away' >&2; exit 3"
_COMMANDS: dict[Tag, list[str]] = {
    "v1": ["/bin/sh", "-c", _SERVE],
    "v2": ["/bin/sh", "-c", _SERVE],
    "crash": ["/bin/sh", "-c", "echo 'boom: cannot open the database' >&2; exit 1"],
    "late": ["/bin/sh", "-c", _LATE],
    "nocmd": ["/bin/no-such-command"],
}


def push_all(engine: Engine, repository: str) -> None:
    """Put every image but "absent" into `repository` ("127.0.0.1:PORT/rig/web"), and keep none in the daemon.

    So each task's image is pulled, as on a fresh container instance.
    """
    for tag, command in _COMMANDS.items():
        engine.docker("import", "--change", f"CMD {json.dumps(command)}", "-", f"{repository}:{tag}", stdin=_tree(tag))
        engine.docker("push", "--quiet", f"{repository}:{tag}")
    engine.docker("rmi", *(f"{repository}:{tag}" for tag in get_args(Tag) if tag in _COMMANDS))


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
