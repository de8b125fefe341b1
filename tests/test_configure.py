import re
import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).parent.parent / "docs"


def test_the_list_of_variables_is_what_the_settings_read(tmp_path: Path) -> None:
    program = "import shopfolio.settings; from shopfolio.lib import env; print(*sorted(env.READ))"
    read = subprocess.run(
        [sys.executable, "-c", program],
        env={"DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    listed = re.findall(r"^\| `([A-Z_0-9]+)` \|", (DOCS / "configure.md").read_text("utf-8"), re.MULTILINE)

    assert sorted(listed) == read
    assert len(set(listed)) == len(listed)


def test_every_link_between_documents_leads_somewhere() -> None:
    root = DOCS.parent
    documents = [*root.glob("*.md"), *DOCS.rglob("*.md")]
    broken = [
        f"{document.relative_to(root)}: {link}"
        for document in documents
        for link in re.findall(r"\]\(([^)#:]+)\)", document.read_text("utf-8"))
        if not link.endswith("screenshot.png") and not (document.parent / link).exists()
    ]

    assert broken == []
