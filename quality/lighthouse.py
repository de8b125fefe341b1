"""Lighthouse as on a phone, on the ten main pages: 95 or more in each of its categories."""

import json
import os
import subprocess
from typing import Any

from quality.site import MODULES, Page
from tests.machine import BROWSER_ARGUMENTS, CHROMIUM

MAIN = "home,resume,portfolio,case,blog,post,testimonials,contact,shop,product"
"""Of those that search engines may know: whatever is noindex has no mark for them."""
LEAST = 95


def look(_browser: Any, url: str, pages: list[Page]) -> list[str]:
    """The pages below the mark; all figures are printed."""
    found = []
    for page in pages:
        if page.name in MAIN.split(","):
            scores = measure(url + page.path)
            print(
                f"    {page.name:12} " + "  ".join(f"{name} {score}" for name, score in scores.items()),
                flush=True,
            )
            found += [f"{page.name}: {name} {score}" for name, score in scores.items() if score < LEAST]
    return found


def measure(address: str) -> dict[str, int]:
    command = [
        str(MODULES / ".bin/lighthouse"), address, "--output=json", "--quiet",
        f"--chrome-flags={' '.join(BROWSER_ARGUMENTS)}",
    ]  # fmt: skip
    environment = {**os.environ, "CHROME_PATH": CHROMIUM or ""}
    for _try in range(3):  # now and then Chromium's trace lacks its beginning
        result = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)  # noqa: S603
        if "NO_NAVSTART" not in result.stderr:
            break
    if result.returncode:
        raise SystemExit(f"Lighthouse failed on {address}:\n{result.stderr[-2000:]}")
    report = json.loads(result.stdout)
    if os.environ.get("DETAILS"):
        for audit in report["audits"].values():
            if audit["score"] is not None and audit["score"] < 0.9:
                print(f"        {audit['score']:.2f} {audit['id']}: {audit.get('displayValue', '')}")
    return {name: round(100 * category["score"]) for name, category in report["categories"].items()}
