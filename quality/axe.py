"""WCAG 2.2 AA and axe's best practices, on every page, in both schemes."""

from typing import Any

from quality.browser import opened
from quality.site import MODULES, Page

AXE = MODULES / "axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})"


def look(browser: Any, url: str, pages: list[Page]) -> list[str]:
    """What is wrong, one line for each element."""
    source, found = AXE.read_text(), []
    for page in pages:
        for scheme, width in (("light", 1280), ("dark", 390)):
            with opened(browser, url, page, width=width, scheme=scheme) as tab:
                tab.evaluate(source)
                for violation in tab.evaluate(RUN, RULES)["violations"]:
                    for node in violation["nodes"]:
                        where = " ".join(map(str, node["target"]))
                        found.append(
                            f"{page.name} {scheme} {width}: {violation['id']} at {where}\n{explain(node)}"
                        )
    return found


def explain(node: dict[str, Any]) -> str:
    reasons = [check["message"] for check in node["any"] + node["all"] + node["none"]]
    return f"    {node['html'][:200]}\n    {'; '.join(reasons)}"
