"""For which machine and Python the compiled files of an image are, read from its layers: nothing in it is run."""

from __future__ import annotations

import json
import re
import struct
import tarfile
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.image.build import Image

AARCH64 = 183
"""EM_AARCH64 in <elf.h>."""
PROGRAM = re.compile(r"(?:usr|usr/local)/bin/python(3)\.(\d+)")


class Compiled(NamedTuple):
    """An ELF file: where it is, and the number of the machine that can run it."""

    path: str
    machine: int


def compiled(image: Image) -> tuple[Compiled, list[Compiled]]:
    """The Python of the image's base, and every compiled file that the image adds to it."""
    saved = image.context.parent / "saved.tar"
    image.engine.docker("save", "--output", str(saved), image.name, timeout=120)
    try:
        layers = list(_layers(saved))
    finally:
        saved.unlink()
    lowest = json.loads(image.engine.docker("image", "inspect", "--format", "{{json .RootFS.Layers}}", image.base))
    below = [one for layer in layers[: len(lowest)] for one in layer]
    (python,) = (one for one in below if PROGRAM.fullmatch(one.path))
    added = [one for layer in layers[len(lowest) :] for one in layer]
    assert any(one.path.endswith(".so") for one in added), "msgspec's core is compiled"
    return python, added


def fits(one: Compiled, python: Compiled) -> bool:
    """Whether that Python can load it: it is for the same machine, and named as this Python names its modules."""
    version = PROGRAM.fullmatch(python.path)
    assert version
    return one.machine == python.machine and f".cpython-{''.join(version.groups())}-" in one.path


def machine_of(start: bytes) -> int:
    """The machine of an ELF file, by its first bytes; 0 where it is none."""
    if len(start) < 20 or start[:4] != b"\x7fELF":
        return 0
    return int(struct.unpack_from("<H" if start[5] == 1 else ">H", start, 18)[0])


def _layers(saved: Path) -> Iterator[list[Compiled]]:
    """What is compiled in each layer, the lowest first."""
    with tarfile.open(saved) as archive:
        listed = archive.extractfile("manifest.json")
        assert listed
        for name in json.load(listed)[0]["Layers"]:
            with tarfile.open(fileobj=archive.extractfile(name)) as layer:
                yield [
                    Compiled(member.name.removeprefix("./"), machine)
                    for member in layer
                    if member.isfile() and (content := layer.extractfile(member))
                    if (machine := machine_of(content.read(20)))
                ]
