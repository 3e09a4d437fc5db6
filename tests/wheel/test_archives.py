"""What is in the wheel and the source archive, and what they say of themselves."""

from __future__ import annotations

import tarfile
from email import message_from_string
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest
from trove_classifiers import classifiers

from drone_deploy_ecs import __version__
from tests.own_venv import PROJECT
from tests.wheel.conftest import build

if TYPE_CHECKING:
    from email.message import Message
    from pathlib import Path

SOURCE = PROJECT / "src" / "drone_deploy_ecs"

pytestmark = pytest.mark.xdist_group("wheel")


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    """What a package index shows."""
    with ZipFile(wheel) as archive:
        (name,) = (one for one in archive.namelist() if one.endswith(".dist-info/METADATA"))
        return message_from_string(archive.read(name).decode())


def names(wheel: Path) -> set[str]:
    with ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_is_for_every_machine(wheel: Path) -> None:
    assert wheel.name == f"drone_deploy_ecs-{__version__}-py3-none-any.whl"


def test_the_wheel_has_the_whole_package_and_nothing_else(wheel: Path) -> None:
    files = (one for one in SOURCE.rglob("*") if one.is_file() and one.suffix != ".pyc")
    ours = {f"drone_deploy_ecs/{one.relative_to(SOURCE)}" for one in files} | {"drone_deploy_ecs/py.typed"}
    info = f"drone_deploy_ecs-{__version__}.dist-info"
    about = {f"{info}/{one}" for one in ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE")}
    assert names(wheel) == ours | about


def test_the_source_archive_builds_the_same_wheel(dist: Path, wheel: Path, tmp_path: Path) -> None:
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)  # Python 3.11 has it since 3.11.4
        archive.extractall(tmp_path)
    (source,) = tmp_path.iterdir()
    assert {"LICENSE", "SECURITY.md", "README.md", "docs"} <= {one.name for one in source.iterdir()}
    build(source, tmp_path / "again", "wheel")
    (again,) = (tmp_path / "again").iterdir()
    assert names(again) == names(wheel)


def test_the_metadata_is_complete(metadata: Message) -> None:
    assert metadata["Name"] == "drone-deploy-ecs"
    assert metadata["Version"] == __version__
    assert metadata["License-Expression"] == "MIT"
    assert metadata["License-File"] == "LICENSE"
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["Description-Content-Type"] == "text/markdown"
    extras = ["rich>=13.9; extra == 'live'", "apprise>=1.9; extra == 'notify'"]
    assert metadata.get_all("Requires-Dist") == ["botocore<2,>=1.35", "msgspec<1,>=0.19", *extras]
    assert len(metadata["Summary"]) < 120
    assert "fargate" in metadata["Keywords"]
    assert "# drone-deploy-ecs" in str(metadata.get_payload())


def test_classifiers_are_real_and_name_the_tested_pythons(metadata: Message) -> None:
    told = set(metadata.get_all("Classifier") or ())
    assert told <= classifiers
    versions = {f"Programming Language :: Python :: 3.{minor}" for minor in (11, 12, 13)}
    assert versions | {"Typing :: Typed"} <= told


def test_no_address_is_made_up(metadata: Message) -> None:
    assert not metadata.get_all("Project-URL")
    assert not metadata["Home-page"]
