"""The one list of checks. `make lint`, `make types` and `make test` run the first three in the locked `.venv`."""

import sys
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "none"
nox.options.sessions = ["lint", "types", "tests"]

ROOT = Path(__file__).parent
PYPROJECT = nox.project.load_toml(ROOT / "pyproject.toml")
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
CHECKED = [name for name in ("src", "tests", "benchmarks", "docs", "scripts", "noxfile.py") if (ROOT / name).exists()]
# Much of the time is waiting for containers and signals: one process more than most machines' spare cores.
PARALLEL = ("--numprocesses=3", "--dist=loadgroup")
# A lock is complete: no resolver is asked.
LOCKED = ("--no-deps", "--require-hashes", "-r")
LOCK_OPTIONS = (
    "--allow-unsafe",  # pip and setuptools too: what is installed without a resolver must be complete
    "--generate-hashes",
    "--strip-extras",
    "--annotation-style=line",
    "--no-header",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--no-emit-trusted-host",
    "--quiet",
)


def run(session: nox.Session, tool: str, *arguments: str) -> None:
    """Run `tool` from the environment that nox itself is installed in: the locked one."""
    session.run(str(Path(sys.executable).with_name(tool)), *arguments, external=True)


@nox.session
def lint(session: nox.Session) -> None:
    """Style, formatting and the direction of imports."""
    run(session, "ruff", "check")
    run(session, "ruff", "format", "--check")
    run(session, "lint-imports", "--no-logo")


@nox.session
def types(session: nox.Session) -> None:
    """Types, strictly."""
    run(session, "mypy", *CHECKED)


@nox.session
def tests(session: nox.Session) -> None:
    """The tests; what follows `--` goes to pytest."""
    run(session, "pytest", *PARALLEL, *session.posargs)


@nox.session
def coverage(session: nox.Session) -> None:
    """The tests, and whether the quick ones take every branch of core."""
    run(session, "pytest", *PARALLEL, "--cov=drone_deploy_ecs.core", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Write the generated documentation anew; `-- --check` only tells whether that would change anything."""
    run(session, "python", "docs/generate.py", *session.posargs)


@nox.session
def notes(session: nox.Session) -> None:
    """Print the next release's notes; `-- VERSION DATE` writes them into CHANGELOG.md."""
    run(session, "python", "scripts/release_notes.py", *session.posargs)


@nox.session(venv_backend="venv")
def site(session: nox.Session) -> None:
    """Build the documentation's site into build/site; `-- serve` shows it while you write."""
    session.install(*LOCKED, "requirements/site.txt")
    session.run("mkdocs", *(session.posargs or ("build", "--strict")))


@nox.session(venv_backend="venv", python=PYTHONS)
def matrix(session: nox.Session) -> None:
    """The tests of the installed package on every supported Python, each in an environment of its own."""
    session.install(*LOCKED, "requirements/dev.txt")
    session.install("--no-deps", "--no-build-isolation", ".")
    session.run("pytest", *session.posargs)


@nox.session(venv_backend="venv", python=PYTHONS[0])
def mutation(session: nox.Session) -> None:
    """Break core in small ways, one at a time, and see whether a quick test notices: docs/mutation.md."""
    session.install(*LOCKED, "requirements/mutation.txt")
    session.install("--no-deps", "--no-build-isolation", "--editable", ".")
    session.run("mutmut", "run", *session.posargs, env={"HYPOTHESIS_PROFILE": "brief"})
    session.run("mutmut", "results")


@nox.session(venv_backend="venv", python=PYTHONS[0])
def lock(session: nox.Session) -> None:
    """Write requirements/*.txt anew from pyproject.toml; `-- --upgrade` takes newer releases."""
    session.install(*LOCKED, "requirements/lock.txt")
    runtime = PYPROJECT["project"]["dependencies"]
    build = nox.project.dependency_groups(PYPROJECT, "build")
    dev = nox.project.dependency_groups(PYPROJECT, "dev")
    mutants = nox.project.dependency_groups(PYPROJECT, "mutation")
    same = ("-c runtime.txt", "-c build.txt")
    # Each wants a botocore of its own choice: an environment of its own (tests/own_venv.py).
    apart = ("ministack", "awscli", "moto", "microburst", "peers", "site", "node", "lock", "pip-23.0", "pip-23.2")
    others = ((name, nox.project.dependency_groups(PYPROJECT, name)) for name in apart)
    tested = (("dev", (*runtime, *dev, *same)), ("mutation", (*runtime, *mutants, "-c dev.txt")))
    locks = (("runtime", runtime), ("build", build), *tested, *others)
    for name, wanted in locks:
        source = Path(f"requirements/{name}.in")
        source.write_text("".join(f"{line}\n" for line in wanted))
        session.run("pip-compile", *LOCK_OPTIONS, *session.posargs, str(source))
        source.unlink()
        lock = source.with_suffix(".txt")
        lock.write_text(lock.read_text().replace(f"-r {source}", "pyproject.toml"))
