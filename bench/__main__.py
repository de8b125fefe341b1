"""`make bench`: every page of the table, kept whole and made anew, beside a bare view on the same server."""

import argparse
import os
import re
import sys
from collections import defaultdict
from dataclasses import dataclass
from statistics import median
from urllib.parse import urlencode

import requests

from bench import site
from bench.load import Job, Result, run
from tests import services

BROWSER = {"Accept": "text/html", "Accept-Encoding": "gzip, deflate, br, zstd", "User-Agent": "bench"}
BARE, KEPT, MADE = "bare view", "kept", "made anew"


@dataclass(frozen=True)
class Target:
    page: str
    way: str
    server: site.Server
    requests: list[str]
    status: int = 200

    def ask(self, seconds: float) -> Result:
        before = self.server.processor_seconds()
        result = run(Job(self.server.port, self.requests, self.status, seconds))
        result.served = self.server.processor_seconds() - before
        return result


def main() -> int:
    arguments = parsed_arguments()
    rows = {"products": arguments.products, "posts": arguments.posts}
    wrong = 0
    for shape in shapes():
        say(f"\n## {shape.name}\n\nLoading {arguments.products:,} products and {arguments.posts:,} posts …")
        with (
            site.bare() as peer,
            site.site(shape, **rows) as ours,
        ):
            targets = [Target(BARE, KEPT, peer, [get("/", peer.port)]), *targets_of(ours, **rows)]
            results = measured(targets, rounds=arguments.rounds, seconds=arguments.seconds)
        say(table(results))
        wrong += report_wrong(results)
    return 1 if wrong else 0


def parsed_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--products", type=int, default=20_000)
    parser.add_argument("--posts", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=3, help="how often everything takes its turn (3)")
    parser.add_argument("--seconds", type=float, default=1.0, help="how long each turn lasts (1)")
    return parser.parse_args()


NETWORKS = [f"10.{number // 200}.{number % 200}.1" for number in range(1_000)]
"""So many that nobody is asked to slow down."""


def shapes() -> list[site.Shape]:
    """The small site, and the grown one where PostgreSQL and Redis answer."""
    found = [site.Shape("SQLite", {})]
    database, query = os.environ["TEST_DATABASE_URL"].partition("?")[::2]
    redis = os.environ["TEST_REDIS_URL"]
    grown = {
        "DATABASE_URL": f"{database}_bench?{query}",
        "CACHE_URL": f"{redis}/6",
        "CELERY_BROKER_URL": f"{redis}/7",
    }
    os.environ |= grown
    if silent := services.silent():
        say(f"{silent} PostgreSQL with Redis is LEFT OUT.")
    else:
        found.append(site.Shape("PostgreSQL and Redis", grown))
    return found


def targets_of(server: site.Server, *, products: int, posts: int) -> list[Target]:
    """Each page as a visitor without a cookie gets it, and made anew for one with a cart."""
    browser = requests.Session()
    product = first_link(browser, server, "/shop/", r'href="(/shop/[^"?]+/)"')
    post = first_link(browser, server, "/blog/", r'href="(/blog/(?!tag/)[^"?.]+/)"')
    variant = first_link(browser, server, product, r'name="variant" value="([^"]+)"[^>]* checked')
    add = product.replace("/shop/", "/cart/add/")
    own = {"Origin": server.url, "Sec-Fetch-Site": "same-origin"}
    browser.post(server.url + add, {"variant": variant}, headers=own).raise_for_status()
    pages = {
        "home": "/", "blog list": "/blog/", "post": post, "shop list": "/shop/", "product": product,
        "search": "/search/?q=tide", "shop, deep page": f"/shop/?page={products // 30}",
        "blog, deep page": f"/blog/?page={posts // 30}", "sitemap": "/sitemap-products-1.xml",
    }  # fmt: skip
    cart = {"Cookie": f"cart={browser.cookies['cart']}"}
    found = []
    for name, path in pages.items():
        found.append(Target(name, KEPT, server, [get(path, server.port)]))
        asked = [get(path, server.port, **cart, **{"X-Forwarded-For": each}) for each in NETWORKS]
        found.append(Target(name, MADE, server, asked))
    found.append(Target("cart add", MADE, server, buyers(add, variant, server, own), status=303))
    return found


def first_link(browser: requests.Session, server: site.Server, path: str, pattern: str) -> str:
    answer = browser.get(server.url + path)
    answer.raise_for_status()
    link = re.search(pattern, answer.text)
    if link is None:
        raise SystemExit(f"{path} has nothing like {pattern}")
    return link[1]


def get(path: str, port: int, **headers: str) -> str:
    lines = [
        f"{name}: {value}" for name, value in ({"Host": f"127.0.0.1:{port}"} | BROWSER | headers).items()
    ]
    return "\r\n".join([f"GET {path} HTTP/1.1", *lines, "", ""])


def buyers(path: str, variant: str, server: site.Server, own: dict[str, str]) -> list[str]:
    """A cart for each."""
    body = urlencode({"variant": variant})
    form = {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(body))}
    asked = (get(path, server.port, **own, **form, **{"X-Forwarded-For": each}) for each in NETWORKS)
    return [request.replace("GET", "POST", 1) + body for request in asked]


def measured(targets: list[Target], *, rounds: int, seconds: float) -> dict[tuple[str, str], list[Result]]:
    """In turns, so that what else the machine does meets all of them."""
    for target in targets:
        target.ask(seconds=0.3)
    found = defaultdict(list)
    for number in range(rounds):
        say(f"Round {number + 1} of {rounds} …")
        for target in targets:
            found[target.page, target.way].append(target.ask(seconds))
    return found


def table(results: dict[tuple[str, str], list[Result]]) -> str:
    bare = results[BARE, KEPT]
    lines = [
        f"| page {'| {}: of a bare view | µs | requests/s | p50, p99 ms ' * 2}|".format(KEPT, MADE),
        f"{'|---' * 9}|",
    ]
    for page in dict.fromkeys(page for page, _way in results):
        cells = [*figures(results.get((page, KEPT)), bare), *figures(results.get((page, MADE)), bare)]
        lines.append(f"| {' | '.join([page, *cells])} |")
    asking = sum(one.busy for one in bare) / sum(one.answers for one in bare)
    told = f"Medians of {len(bare)} rounds, {Job.connections} connections at once."
    told += f" µs: of a processor for an answer; asking takes {asking * 1e6:.0f} more."
    return "\n".join(["", *lines, "", told])


def figures(results: list[Result] | None, bare: list[Result]) -> list[str]:
    if results is None:
        return ["", "", "", ""]
    ratio = median(one.rate / other.rate for one, other in zip(results, bare, strict=True))
    told = ((one.price, one.rate, one.wait(0.5), one.wait(0.99)) for one in results)
    price, rate, half, most = map(median, zip(*told, strict=True))
    return [f"{ratio:.2f}", f"{price:,.0f}", f"{rate:,.0f}", f"{half:.1f}, {most:.1f}"]


def report_wrong(results: dict[tuple[str, str], list[Result]]) -> int:
    wrong = 0
    for (page, way), each in results.items():
        if bad := [one for one in each if one.wrong]:
            wrong += sum(one.wrong for one in bad)
            say(f"{page} {way}: {sum(one.wrong for one in bad)} wrong answers, such as {bad[0].example}")
    return wrong


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
