"""Every lock is complete, and installs with an old pip, whatever is released later: no resolver is ever asked."""

from __future__ import annotations

import ast
import base64
import hashlib
import json
import re
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING, Any, NamedTuple
from zipfile import ZipFile

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from tests.docs.pages import SNIPPETS
from tests.own_venv import LOCKED, PROJECT, download, lock, own_venv, wheels

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

LOCKS = sorted(path.stem for path in (PROJECT / "requirements").glob("*.txt"))
CLASSIFIERS = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["classifiers"]
PYTHONS = [found[1] for one in CLASSIFIERS if (found := re.search(r":: (3\.\d+)$", one))]
PYTHONS_OF = {"mutation": ["3.11"], "lock": ["3.11"]}
"""Where noxfile.py chooses the Python."""
SYSTEMS = (
    {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "x86_64"},
    {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "aarch64"},
    {"sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "arm64"},
)
PLATFORMS = (
    *("manylinux2014_x86_64", "manylinux2014_aarch64"),
    *("musllinux_1_2_x86_64", "musllinux_1_2_aarch64"),
    *("macosx_11_0_x86_64", "macosx_11_0_arm64"),
)
"""Where the package runs, in pip's words: Debian and the like, Alpine, macOS."""
OLD_PIPS = pytest.mark.parametrize(
    "pip",
    [
        pytest.param(
            "pip-23.0", marks=pytest.mark.skipif(sys.version_info >= (3, 12), reason="pip 23.0 needs Python < 3.12")
        ),
        "pip-23.2",
    ],
)
"""Debian 12's, and that of Python 3.11 itself. From 23.3 on a resolver would have found what is locked."""
RUNS_PIP = re.compile(r"\bpip\b.*[ '](install|download|wheel)[ ']|\bsession\.install\b|--require-hashes")


class Installed(NamedTuple):
    """What pip would have installed: versions by name, and the metadata of each."""

    metadata: dict[str, dict[str, Any]]

    @property
    def versions(self) -> dict[str, str]:
        return {name: one["version"] for name, one in self.metadata.items()}


def install(pip: str, folder: Path, requirements: Path, options: Sequence[str] = LOCKED) -> Installed:
    """What that pip would install from the folder. AssertionError, with all it said, where it refuses."""
    command = [str(own_venv(pip)), "-m", "pip", "--isolated", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--dry-run", "--ignore-installed", "--report", "-", "--no-index", "--find-links", str(folder)]
    done = subprocess.run(
        [*command, *options, "-r", str(requirements)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["pip_version"].startswith(pip.removeprefix("pip-"))
    return Installed({canonicalize_name(one["metadata"]["name"]): one["metadata"] for one in report["install"]})


def unmet(installed: Installed, python: str, system: dict[str, str]) -> Iterator[str]:
    """What of all this is needed on that Python and not there. An extra counts where anything asks for it."""
    versions = installed.versions
    environment: dict[str, Any] = {
        **default_environment(),
        **system,
        "python_version": python,
        "python_full_version": f"{python}.0",
    }
    due = [(name, "") for name in versions]
    seen = set(due)
    while due:
        name, extra = due.pop()
        metadata = installed.metadata[name]
        if not SpecifierSet(metadata.get("requires_python", "")).contains(f"{python}.0"):
            yield f"{name} on Python {python}: it wants {metadata['requires_python']}"
        for wanted in map(Requirement, metadata.get("requires_dist", [])):
            if wanted.marker and not wanted.marker.evaluate({**environment, "extra": extra}):
                continue
            found = canonicalize_name(wanted.name)
            if found not in versions or not wanted.specifier.contains(versions[found], prereleases=True):
                yield f"{wanted} for {name} on Python {python}, {system['sys_platform']}: {versions.get(found)}"
                continue
            asked = {(found, each) for each in wanted.extras} - seen
            seen |= asked
            due += asked


@pytest.mark.parametrize("name", LOCKS)
@OLD_PIPS
def test_an_old_pip_installs_what_is_locked_and_that_is_complete(pip: str, name: str) -> None:
    installed = install(pip, wheels(name), lock(name))
    assert installed.versions == dict(re.findall(r"^([\w-]+)==([^\s;]+)", lock(name).read_text(), re.MULTILINE))
    missing = [
        one
        for python in PYTHONS_OF.get(name, PYTHONS)
        for system in SYSTEMS
        for one in unmet(installed, python, system)
    ]
    assert not missing


@pytest.mark.parametrize("platform", PLATFORMS)
def test_what_is_compiled_of_the_runtime_is_locked_for_every_platform_and_python(platform: str, tmp_path: Path) -> None:
    compiled = {one.name.split("-")[0] for one in wheels("runtime").glob("*.whl") if "-any" not in one.name}
    assert compiled == {"msgspec"}
    requirements = tmp_path / "lock.txt"
    requirements.write_text("".join(_entry(lock("runtime").read_text(), name) for name in compiled))
    for python in PYTHONS:
        download(requirements, tmp_path / python, python, platform)
    found = sorted(one.name.split("-")[2] for one in tmp_path.glob("*/*.whl"))
    assert found == [f"cp{python.replace('.', '')}" for python in PYTHONS]


def _entry(text: str, name: str) -> str:
    """Of a lock: one package with its hashes."""
    found = re.search(rf"^{name}==(.*\\\n)*.*\n", text, re.MULTILINE)
    assert found
    return found[0]


def test_what_a_lock_lacks_is_found() -> None:
    alpha = {"version": "1", "requires_dist": ["beta[more]>=1", "Beta>=2"], "requires_python": "<3.12"}
    beta = {"version": "1", "requires_dist": ["gamma; extra == 'more'", "delta; python_version >= '3.12'"]}
    made = Installed({"alpha": alpha, "beta": beta})
    old, new = ({re.split("[ ;]", one)[0] for one in unmet(made, python, SYSTEMS[0])} for python in ("3.11", "3.12"))
    assert old == {"Beta>=2", "gamma"}
    assert new == {"Beta>=2", "gamma", "delta", "alpha"}


def made_up(folder: Path, name: str, version: str, *lines: str) -> str:
    """A wheel of nothing but metadata; its line of a lock."""
    about = f"{name}-{version}.dist-info"
    files = {
        f"{about}/METADATA": "\n".join(("Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *lines, "")),
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: made up\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [f"{path},sha256={_digest(text)},{len(text)}\n" for path, text in files.items()]
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with ZipFile(wheel, "w") as archive:
        for path, text in {**files, f"{about}/RECORD": "".join((*record, f"{about}/RECORD,,\n"))}.items():
            archive.writestr(path, text)
    return f"{name}=={version} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


@OLD_PIPS
def test_a_release_after_the_lock_changes_nothing_because_no_resolver_is_asked(pip: str, tmp_path: Path) -> None:
    covering = made_up(tmp_path, "covering", "1", "Requires-Dist: covered[more]>=1")
    covered = made_up(tmp_path, "covered", "1", "Provides-Extra: more")
    made_up(tmp_path, "covered", "2", "Provides-Extra: more")
    requirements = tmp_path / "lock.txt"
    requirements.write_text(covering + covered)
    assert install(pip, tmp_path, requirements).versions == {"covering": "1", "covered": "1"}
    resolving = [one for one in LOCKED if one != "--no-deps"]
    with pytest.raises(AssertionError, match=r"(?s)requirements must have their versions pinned.*covered\[more\]>=1"):
        install(pip, tmp_path, requirements, resolving)


def commands(path: str, text: str) -> Iterator[str]:
    """The commands in it that run pip: a shell's, with make's variables written out, or Python's statements."""
    if path.endswith(".py"):
        yield from (one for one in _statements(ast.parse(text)) if RUNS_PIP.search(one))
        return
    for name, value in re.findall(r"^(\w+) := (.*)$", text, re.MULTILINE):
        text = text.replace(f"$({name})", value)
    for line in text.replace("\\\n", "").splitlines():
        if not re.match(r"\s*#|\w+ :=", line):
            yield from (one for one in re.split(r"&&|\|\||;", line) if RUNS_PIP.search(one))


def _statements(tree: ast.AST) -> Iterator[str]:
    """Those without statements in them, each in one line, with what the project's names of options stand for."""
    for one in ast.walk(tree):
        if isinstance(one, ast.stmt) and not any(isinstance(inner, ast.stmt) for inner in ast.iter_child_nodes(one)):
            told = isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant)
            if not told:
                yield ast.unparse(one).replace("*LOCKED", " ".join(LOCKED))


def asks(command: str) -> bool:
    """Whether it may ask a resolver, be it for what a build needs, or take what has no hash."""
    locked = LOCKED if re.search(r"--require-hashes|-r\b|--requirement\b", command) else ("--no-deps",)
    building = ("--no-build-isolation",) if re.search(r"[ '](\.|\./\S*)( |'|$)", command) else ()
    return not all(option in command for option in (*locked, *building))


def test_no_command_of_the_project_asks_a_resolver() -> None:
    but = (":!*.md", ":!requirements", ":!tests/release/test_locks.py")  # this one has some that do
    listed = subprocess.check_output(["git", "ls-files", "-z", "--", *but], cwd=PROJECT, text=True)
    files = {name: (PROJECT / name).read_bytes().decode(errors="replace") for name in listed.split("\0") if name}
    pages = {str(one): one.text for one in SNIPPETS}
    found = [(path, one) for path, text in {**files, **pages}.items() for one in commands(path, text)]
    assert {path.partition(":")[0] for path, _ in found} >= {
        "Dockerfile",
        "Makefile",
        "docs/how-to/github-actions.md",
        "docs/image.md",
        "noxfile.py",
        "tests/own_venv.py",
        "tests/wheel/conftest.py",
    }
    assert not [(path, one) for path, one in found if asks(one)]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("Makefile", "PIP := python -m pip\nx:\n\t@$(PIP) install --require-hashes -r x.txt\n"),
        ("Dockerfile", "RUN pip install --no-deps \\\n  -r requirements/build.txt\n"),
        ("page", "pip install boto3 && true --no-deps"),
        ("it.py", "def it(session):\n    session.install(\n        'pip-tools==7.6.2'\n    )\n"),
        ("it.py", "run('pip', 'install', '--require-hashes', '-r', 'x.txt')"),
        ("it.py", "run('pip', 'install', '--no-deps', '.')"),
        ("page", "- run: pip install --no-deps ./it"),
    ],
)
def test_a_command_that_asks_one_is_found(path: str, text: str) -> None:
    assert [asks(one) for one in commands(path, text)] == [True]
