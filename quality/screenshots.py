"""`make screenshots`: every page, light and dark, at the widths of a phone, a tablet and a desk.

make screenshots ARGS="--only shop,product --widths 390 --schemes light"
"""

import argparse
import shutil
from pathlib import Path

from quality.browser import chromium, opened
from quality.site import demo_site, pages_named

FOLDER = Path(__file__).resolve().parent.parent / "screenshots"

WAKE_LAZY_PICTURES = """async () => {
    for (const picture of document.images) picture.loading = "eager";
    await Promise.all([...document.images].map(picture => picture.decode().catch(() => null)));
}"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="make screenshots")
    parser.add_argument("--only", default="", help="names of pages, or how they begin, with commas between")
    parser.add_argument("--widths", default="390,768,1280")
    parser.add_argument("--schemes", default="light,dark")
    options = parser.parse_args()
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    pages = pages_named(options.only)
    with demo_site() as url, chromium() as browser:
        for number, page in enumerate(pages, start=1):
            for width in map(int, options.widths.split(",")):
                for scheme in options.schemes.split(","):
                    with opened(browser, url, page, width=width, scheme=scheme) as tab:
                        tab.evaluate(WAKE_LAZY_PICTURES)
                        tab.wait_for_load_state("networkidle")
                        tab.screenshot(path=FOLDER / f"{page.name}-{width}-{scheme}.png", full_page=True)
            print(f"{number}/{len(pages)} {page.name}", flush=True)
    print(f"{len(list(FOLDER.iterdir()))} pictures in {FOLDER.name}/")


if __name__ == "__main__":
    main()
