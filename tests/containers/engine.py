"""A Docker engine of the tests' own: its own folder, socket and bridge, so that it never meets another daemon.

It leaves the machine's firewall and forwarding alone: the tests only talk from the host to a container's address.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

Seen = TypeVar("Seen")

BUSYBOX = Path("/bin/busybox")
# RFC 2544 sets 198.18/15 aside for test beds: no office network or VPN routes it.
GATEWAY = "198.18.{}.1/24"


class NoEngineError(Exception):
    """This machine can't run Docker; the text says what it lacks."""


def wait_until(probe: Callable[[], Seen], timeout: float, what: str) -> Seen:
    """The first true answer of `probe`, asked ten times a second; TimeoutError, naming `what`, after `timeout` s."""
    never = threading.Event()
    end = time.monotonic() + timeout
    while not (seen := probe()):
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {timeout:g} s")
        never.wait(0.1)
    return seen


@dataclass(frozen=True)
class Engine:
    """A running dockerd, spoken to by Docker's own client."""

    client: str
    address: str

    def docker(self, *words: str, stdin: bytes = b"", timeout: float = 60) -> str:
        """What `docker words…` prints; CalledProcessError when it fails."""
        command = [self.client, "--host", self.address, *words]
        done = subprocess.run(
            command, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout, check=False
        )
        if done.returncode:
            # CalledProcessError alone would hide what Docker said.
            raise RuntimeError(f"docker {' '.join(words)}: {done.stdout.decode(errors='replace').strip()}")
        return done.stdout.decode().strip()

    def answers(self) -> bool:
        """Whether the daemon takes requests yet."""
        try:
            return bool(self.docker("version", "--format", "{{.Server.Version}}", timeout=10))
        except (RuntimeError, subprocess.TimeoutExpired):
            return False

    def clear(self) -> None:
        """Remove every container: in this daemon they are all ours."""
        if containers := self.docker("ps", "--all", "--quiet").split():
            self.docker("rm", "--force", "--volumes", *containers)


@contextmanager
def child(command: Sequence[str], log: Path, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run `command` until the block ends: first asked to end, killed when it doesn't within 20 s.

    It has a session of its own, so that Ctrl-C reaches pytest alone and the tear-down keeps its order; and it is told
    to end when pytest dies without a tear-down.
    """
    with log.open("wb") as output:
        daemon = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", *command],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield daemon
    finally:
        daemon.terminate()
        try:
            daemon.wait(20)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait(5)


def alive(daemon: subprocess.Popen[bytes], log: Path) -> None:
    """RuntimeError, with the end of its log, when `daemon` has ended by itself."""
    if daemon.poll() is not None:
        lines = log.read_text(errors="replace").splitlines() or ["(no output)"]
        raise RuntimeError(f"{log.stem} ended with {daemon.returncode}: {lines[-1]}")


def plain_environment(folder: Path, **more: str) -> dict[str, str]:
    """An environment that holds nothing of the caller's: no proxy, no AWS credentials, no plug-in settings."""
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder), "TMPDIR": str(folder), **more}


@contextmanager
def running_engine(folder: Path) -> Iterator[Engine]:
    """A dockerd that keeps everything in `folder`; NoEngineError where there is none or none can run."""
    dockerd, client = _programs()
    # A socket's path may have 107 characters at most: `folder` has to be a short one.
    engine = Engine(client, f"unix://{folder}/docker.sock")
    log = folder / "dockerd.log"
    with ExitStack() as cleanup:
        cleanup.callback(_unmount, folder)
        bridge = cleanup.enter_context(_own_bridge())
        command = [
            dockerd,
            *("--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec", "--pidfile", f"{folder}/dockerd.pid"),
            *("--host", engine.address, "--bridge", bridge),
            *("--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false"),
        ]
        daemon = cleanup.enter_context(child(command, log, plain_environment(folder)))

        def ready() -> bool:
            alive(daemon, log)
            return engine.answers()

        try:
            wait_until(ready, 30, "dockerd answers")
        except (RuntimeError, TimeoutError) as fault:
            raise NoEngineError(f"dockerd can't run here: {fault}") from fault
        cleanup.callback(engine.clear)
        yield engine


def _programs() -> tuple[str, str]:
    """dockerd, and the client that came with it (another one may speak a newer protocol only)."""
    dockerd = shutil.which("dockerd", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if os.geteuid() or not dockerd or not BUSYBOX.exists():
        raise NoEngineError("needs root and dockerd; .ci/docker installs it on Debian")
    client = shutil.which("docker", path=f"{Path(dockerd).parents[1]}/bin") or shutil.which("docker")
    if not client:
        raise NoEngineError("dockerd is here, its client isn't; .ci/docker installs it on Debian")
    return dockerd, client


@contextmanager
def _own_bridge() -> Iterator[str]:
    """A network bridge for one daemon: two daemons on Docker's default one would give out the same addresses."""
    for number in range(256):
        name = f"ecs-rig{number}"
        if not _ip("link", "add", name, "type", "bridge"):
            break
    else:
        raise NoEngineError("no free network bridge")
    try:
        if fault := _ip("address", "add", GATEWAY.format(number), "dev", name) or _ip("link", "set", name, "up"):
            raise NoEngineError(f"can't set up a network bridge: {fault}")
        yield name
    finally:
        _ip("link", "delete", name)


def _ip(*words: str) -> str:
    """What went wrong with `ip words…`; empty when nothing did. A name that is taken is the caller's to handle."""
    try:
        done = subprocess.run(["ip", *words], capture_output=True, text=True, timeout=10, check=False)
    except OSError as fault:
        raise NoEngineError(f"needs iproute2 ({fault})") from fault
    if done.returncode and "File exists" not in done.stderr and words[:2] == ("link", "add"):
        raise NoEngineError(f"can't make a network bridge: {done.stderr.strip()}")
    return done.stderr.strip() or "failed" if done.returncode else ""


def _unmount(folder: Path) -> None:
    """Let go of what a killed dockerd left mounted, or the folder could not be removed."""
    mounted = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for path in sorted((path for path in mounted if path.startswith(f"{folder}/")), reverse=True):
        subprocess.run(["umount", "--lazy", path], capture_output=True, timeout=10, check=False)
