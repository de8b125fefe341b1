"""`make quality`: axe, the Nu validator and Lighthouse over the demo site.

make quality ARGS="axe html --only shop,product"
"""

import argparse
import time

from quality import axe, lighthouse, validator
from quality.browser import chromium
from quality.site import demo_site, pages_named

CHECKS = {"axe": axe.look, "html": validator.look, "lighthouse": lighthouse.look}


def main() -> None:
    parser = argparse.ArgumentParser(prog="make quality")
    parser.add_argument("checks", nargs="*", choices=[[], *CHECKS], help="all, if none is named")
    parser.add_argument("--only", default="", help="names of pages, or how they begin, with commas between")
    options = parser.parse_args()
    pages, failed = pages_named(options.only), False
    with demo_site() as url, chromium() as browser:
        for name in options.checks or CHECKS:
            began = time.monotonic()
            found = CHECKS[name](browser, url, pages)
            print(f"{name}: {len(found)} to mend on {len(pages)} pages, {time.monotonic() - began:.0f} s")
            print("".join(f"  {finding}\n" for finding in found), end="", flush=True)
            failed = failed or bool(found)
    raise SystemExit(failed)


if __name__ == "__main__":
    main()
