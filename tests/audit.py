"""Are there known weaknesses in what we build on? Run as a program it asks the Python advisory database.

pip-audit alone is content with packages that it could not ask about: here they are counted and named.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

PIP_AUDIT = "pip-audit==2.10.1"
LOCK = Path(__file__).resolve().parent.parent / "requirements-dev.lock"
ACCEPTED: dict[str, str] = {}
"""Advisories that do not reach us, and why: {"GHSA-…": "only when …"}."""


def ask() -> Any:
    """pip-audit's report, from an environment of its own that uv makes and keeps."""
    command = [sys.executable, "-m", "uv", "tool", "run", "--quiet", "--from", PIP_AUDIT, "pip-audit"]
    options = ["--requirement", str(LOCK), "--no-deps", "--disable-pip", "--progress-spinner", "off"]
    done = subprocess.run(
        [*command, *options, "--format", "json"], capture_output=True, text=True, check=False
    )
    try:
        return json.loads(done.stdout)
    except ValueError:
        sys.exit(f"Nothing was audited, because pip-audit cannot run here:\n{done.stderr.strip()[-500:]}")


def verdict(report: Any) -> tuple[list[str], bool]:
    """What to say, and whether all is well: everything was asked about, and nothing is known."""
    packages = report["dependencies"]
    skipped = sorted(each["name"] for each in packages if "skip_reason" in each)
    found = [
        f"{each['name']} {each['version']}: {known['id']}, mended in {' or '.join(known['fix_versions'])}"
        for each in packages
        for known in each.get("vulns", [])
        if not ACCEPTED.keys() & {known["id"], *known["aliases"]}
    ]
    if len(skipped) == len(packages):
        return ["Nothing was audited: the advisory database (pypi.org) does not answer here."], False
    lines = [*found, f"{len(packages) - len(skipped)} packages audited, {len(found)} weaknesses known."]
    if skipped:
        lines.append(f"Not audited ({len(skipped)}): {', '.join(skipped)}.")
    return lines, not found and not skipped


def main() -> int:
    lines, is_well = verdict(ask())
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
