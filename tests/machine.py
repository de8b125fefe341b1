"""What this machine can run. Elsewhere tests are left out, and said so; with CI=true that is a failure."""

import os
import shutil
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
BROWSER_ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
MISSING = [] if CHROMIUM else ["No Chromium is installed: the tests that drive a browser are LEFT OUT."]


def pytest_configure(config: pytest.Config) -> None:
    if MISSING and os.environ.get("CI") == "true" and not config.option.collectonly:
        pytest.exit(f"CI=true allows no test to be left out. {' '.join(MISSING)}", returncode=1)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if CHROMIUM:
        return
    left_out = [item for item in items if item.get_closest_marker("browser")]
    items[:] = [item for item in items if not item.get_closest_marker("browser")]
    config.hook.pytest_deselected(items=left_out)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    for sentence in MISSING:
        terminalreporter.write_line(f"!!! {sentence}", red=True, bold=True)
