"""What no linter knows of our rules. Run as a program it names every line that breaks one."""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "shopfolio"


@dataclass(frozen=True)
class Rule:
    pattern: str
    files: str
    why: str
    exempt: tuple[str, ...] = ()


RULES = [
    Rule(r"\|\s*safe\b|autoescape\s+off", "**/*.html", "rich text passes the sanitiser: use |rich_text"),
    Rule(r"\bmark_safe\b|\bSafeString\(", "**/*.py", "only lib/html.py marks text as safe", ("lib/html.py",)),
    Rule(r"\.(delay|apply_async)\(", "**/*.py", "work after a commit goes through the outbox"),
    Rule(r"\sstyle\s*=", "templates/**/*.html", "the CSP forbids inline styles", ("templates/emails/",)),
    Rule(r"<style\b", "templates/**/*.html", "the CSP forbids inline styles", ("templates/emails/",)),
    Rule(
        r"<script(?![^>]*\ssrc=)(?![^>]*application/(ld\+)?json)",
        "**/*.html",
        "the CSP forbids inline scripts",
    ),
    Rule(r"\son[a-z]+\s*=\s*[\"']", "templates/**/*.html", "the CSP forbids inline handlers"),
    Rule(r"unsafe-(inline|eval)", "**/*.py", "the CSP stays strict"),
    Rule(r"\bfloat\(", "ecommerce/**/*.py", "money is whole minor units"),
]


def broken(rule: Rule, root: Path = PACKAGE) -> list[str]:
    found = []
    for path in sorted(root.glob(rule.files)):
        place = path.relative_to(root).as_posix()
        if place.startswith(rule.exempt):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if re.search(rule.pattern, line):
                found.append(f"shopfolio/{place}:{number}: {rule.why}: {line.strip()[:80]}")
    return found


def main() -> int:
    lines = [line for rule in RULES for line in broken(rule)]
    sys.stdout.write("".join(f"{line}\n" for line in lines) or "House rules: kept.\n")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
