"""One browser for the whole session: Debian's Chromium, which .ci/browser installs."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless. Without one the tests are skipped, unless RIG=required says that this machine must have it."""
    chromium = shutil.which("chromium")
    if chromium is None:
        if os.environ.get("RIG") == "required":
            raise RuntimeError("no chromium")
        pytest.skip("skipped: no chromium (.ci/browser installs it on Debian)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium)
        yield browser
        browser.close()
