"""The Nu validator on the HTML of every page."""

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from quality.browser import opened
from quality.site import MODULES, Page

VALIDATOR = MODULES / "vnu-jar/build/dist/vnu.jar"


def look(browser: Any, url: str, pages: list[Page]) -> list[str]:
    """Each error, with the page, the line and what stands there."""
    with tempfile.TemporaryDirectory() as folder:
        for page in pages:
            with opened(browser, url, page, width=1280, scheme="light") as tab:
                (Path(folder) / f"{page.name}.html").write_text(as_sent(tab))
        return errors_in(Path(folder))


def as_sent(tab: Any) -> str:
    """What the server says at this address; the browser's own copy has what scripts made of it."""
    answer = tab.context.request.get(tab.url, fail_on_status_code=False)
    return str(answer.text())


def errors_in(folder: Path) -> list[str]:
    command = ["java", "-jar", str(VALIDATOR), "--format", "json", "--errors-only", str(folder)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return [
        f"{Path(e['url']).stem}, line {e['lastLine']}: {e['message']}\n    {e.get('extract', '')!r}"
        for e in json.loads(result.stderr)["messages"]
    ]
