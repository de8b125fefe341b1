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


SECRET = r"(?<![A-Za-z])(token|secret|signature|digest|token_hash|hexdigest)(?![A-Za-z])"
"""Names of what must not be compared sign by sign, whose time tells how much was right."""

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
    Rule(r"\bfloat\(|\bFloatField\b", "ecommerce/**/*.py", "money is whole minor units"),
    Rule(r"\bfloat\(", "lib/money.py", "money is whole minor units"),
    Rule(rf"{SECRET}(\(\))?\s*[!=]=|[!=]=\s*[\w.]*{SECRET}", "**/*.py", "secrets: hmac.compare_digest()"),
    Rule(
        r"\bbuild_absolute_uri\(|\bget_current_site\(",
        "**/*.py",
        "links come from SITE_URL: lib.http.absolute()",
    ),
    Rule(
        r"(?i)X[-_]FORWARDED",
        "**/*.py",
        "only lib/http.py knows whom to believe",
        ("lib/http.py", "ecommerce/simulator/"),
    ),
    Rule(
        r"@csrf_exempt",
        "**/*.py",
        "a form says where it comes from",
        ("core/views/audience.py", "core/views/csp.py", "ecommerce/webhooks.py", "ecommerce/simulator/"),
    ),
    Rule(
        r"\b(RawSQL|\.raw|\.extra)\(",
        "**/*.py",
        "the ORM quotes what comes in",
        ("core/models/search.py", "core/search_index.py", "core/search.py"),
    ),
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
