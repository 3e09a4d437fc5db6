"""Cards drawn as Drone's own page draws them: with its libraries, at its versions, in headless Chromium."""

from __future__ import annotations

import fcntl
import functools
import hashlib
import json
import os
import re
import shutil
import subprocess
import threading
from base64 import b64decode
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.own_venv import own_venv

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HERE = Path(__file__).parent
CACHE = HERE.parents[1] / ".cache"
SCREENSHOTS = CACHE / "screenshots"
CLEAN_INSTALL = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--legacy-peer-deps", "--loglevel=error")
CHROMIUM = (
    "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
    "--no-first-run", "--virtual-time-budget=20000",
)  # fmt: skip
"""Without a sandbox, since CI runs as root; the only pages it ever sees are ours, on the loopback."""
WIDTH = 832


class Drawn(NamedTuple):
    """One card on the page: its text, the names of its elements, and what of it is wider than its place."""

    text: str
    tags: set[str]
    overflowing: list[str]


def missing() -> str:
    """What this machine lacks for drawing, or ""."""
    return "" if shutil.which("chromium") else "needs chromium, which .ci/browser installs"


def libraries() -> Path:
    """What `package-lock.json` names, installed anew whenever that changes (some 15 s)."""
    lock = (HERE / "package-lock.json").read_bytes()
    place = CACHE / "card" / hashlib.sha256(lock).hexdigest()[:16]
    place.mkdir(parents=True, exist_ok=True)
    with (place.parent / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not (place / "complete").exists():
            for name in ("package.json", "package-lock.json"):
                shutil.copy(HERE / name, place)
            _install(place)
            (place / "complete").touch()
    return place / "node_modules"


def _install(place: Path) -> None:
    """By the machine's npm, or by one in an environment of its own, which is smaller than Debian's."""
    npm = shutil.which("npm") or str(own_venv("node").with_name("npm"))
    path = f"{Path(npm).parent}{os.pathsep}{os.environ['PATH']}"
    command, env = (npm, *CLEAN_INSTALL), {**os.environ, "PATH": path}
    subprocess.run(command, cwd=place, env=env, check=True, capture_output=True, timeout=300)


@contextmanager
def page(cards: Sequence[dict[str, Any]], folder: Path) -> Iterator[str]:
    """The address of a page that draws these cards (`schema` and `data`), one below the other."""
    for library in libraries().iterdir():
        (folder / library.name).symlink_to(library)
    shutil.copy(HERE / "page.html", folder)
    (folder / "cards.json").write_text(json.dumps(cards))
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/page.html"
        server.shutdown()


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, *_: object) -> None:
        """Nothing."""


def draw(address: str, profile: Path) -> list[Drawn]:
    """What Chromium made of the page."""
    dom = _chromium(profile, "--dump-dom", address)
    found = re.search(r'id="drawn">([\w+/=]*)<', dom)
    assert found is not None, dom[-2000:]
    told = json.loads(b64decode(found[1]))
    assert "error" not in told, told
    return [Drawn(one["text"], set(one["tags"]), one["wide"]) for one in told["drawn"]]


def picture(address: str, profile: Path, name: str, height: int) -> Path:
    """The page as an image below .cache/screenshots."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    path = SCREENSHOTS / f"{name}.png"
    path.unlink(missing_ok=True)
    _chromium(profile, f"--window-size={WIDTH},{height}", f"--screenshot={path}", address)
    return path


def _chromium(profile: Path, *words: str) -> str:
    command = (*CHROMIUM, f"--user-data-dir={profile}", *words)
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout
