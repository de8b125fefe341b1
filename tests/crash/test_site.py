"""`shopfolio up` as its owner starts it, with each of its programs killed while it works."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from shopfolio.ecommerce.models import Order, StockMovement, StripeSession, Variant
from shopfolio.tasks.models import Email, Job
from tests.counts import count, tell
from tests.factories import carry_cart, make_cart, make_product, make_shop, make_variant
from tests.processes import LOCAL, answers, free_port, pids, session_of, wait_for
from tests.race.shop import Browser

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.rows,
    pytest.mark.skipif(
        count(1, 0) and not settings.EMBEDDED_DATABASE, reason="the supervisor is the same; make soak runs it"
    ),
]

PRICE = 14_000
BUYERS = count(8, 60)
VICTIMS = ["web", "worker", "beat", "stripe_simulator"][: count(3, 4)]
"""The last one takes longer: jobs wait until somebody asks whether Stripe is there again."""
ROOT = Path(__file__).parents[2]


class Site:
    """A supervisor and everybody under it."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://{LOCAL}:{self.port}"
        self._log = folder / "site.log"
        with self._log.open("ab") as log:
            self.supervisor = subprocess.Popen(
                [sys.executable, "-m", "shopfolio", "up"],
                cwd=ROOT,
                env=os.environ | self.environment(folder),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_for(lambda: self.supervisor.poll() is not None or answers(self.url))

    def environment(self, folder: Path) -> dict[str, str]:
        return {
            "DJANGO_SETTINGS_MODULE": "tests.site_settings",
            "DATABASE_URL": database_url(),
            "DATA_DIR": str(folder),
            "SECRET_KEY": settings.SECRET_KEY,
            "PORT": str(self.port),
        }

    def everybody(self) -> set[int]:
        return {pid for pid in pids() if session_of(pid) == self.supervisor.pid}

    def main(self, program: str) -> int:
        """The process that the supervisor has started for a program; 0 while there is none."""
        for pid in self.everybody():
            if parent_of(pid) == self.supervisor.pid and command_of(pid)[-1:] == [program]:
                return pid
        return 0

    def kill(self, program: str) -> float:
        """SIGKILL its main process; the seconds until another one is there and nobody of the old is left."""
        old = self.main(program)
        family = {old} | {pid for pid in self.everybody() if parent_of(pid) == old}
        os.kill(old, signal.SIGKILL)
        began = time.monotonic()
        wait_for(lambda: not family & self.everybody() and self.main(program), seconds=60)
        return time.monotonic() - began

    def logs(self) -> list[tuple[str, str]]:
        return [("log of the site", self._log.read_text(errors="replace"))]


def database_url() -> str:
    name = connection.settings_dict["NAME"]
    if settings.EMBEDDED_DATABASE:
        return f"sqlite:///{name}"
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


def parent_of(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def command_of(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")[:-1]
    except OSError:
        return []


@pytest.fixture
def site(transactional_db: None, tmp_path: Path) -> Iterator[Site]:
    running = Site(tmp_path)
    while running.supervisor.poll() is not None:  # the simulator's port, one higher, was taken
        running = Site(tmp_path)
    yield running
    for pid in running.everybody():
        os.kill(pid, signal.SIGKILL)
    running.supervisor.wait()


@pytest.fixture
def carts() -> list[dict[str, str]]:
    """A cookie for each buyer's full cart; there are five pieces more than buyers."""
    make_shop(shipping_price=0)
    variant = make_variant(make_product("Tide Table"), available=BUYERS + 5, price=PRICE)
    clients = [Client() for _ in range(BUYERS)]
    for client in clients:
        carry_cart(client, make_cart((variant, 1)))
    return [{name: cookie.value for name, cookie in client.cookies.items()} for client in clients]


def done_jobs() -> Any:
    return Job.objects.filter(name__startswith="ecommerce", status="done")


def order_and_pay(site: Site, cookies: dict[str, str]) -> None:
    """A buyer who presses each button until it answers."""
    order = persist(lambda: Browser(site.url, cookies).pay(PRICE))
    card = {"email": "marta@example.org", "name": "Marta", "card_number": "4242424242424242"}
    address = order.headers["Location"]
    persist(lambda: requests.post(address, card | {"action": "pay"}, allow_redirects=False, timeout=60))


def persist(press: Callable[[], requests.Response]) -> requests.Response:
    while True:
        try:
            answer = press()
        except requests.ConnectionError:
            time.sleep(0.05)
            continue
        if answer.status_code != 503:  # Stripe does not answer
            assert answer.status_code == 303, f"{answer.status_code} {answer.text[:2000]}"
            return answer


def test_programs_killed_at_work_are_back_in_seconds_and_no_order_is_lost_or_half_done(
    site: Site, carts: list[dict[str, str]]
) -> None:
    back: dict[str, float] = {}
    with ThreadPoolExecutor(4) as people:
        buying = [people.submit(order_and_pay, site, cookies) for cookies in carts]
        wait_for(Order.objects.exists)
        for program in VICTIMS:
            back[program] = site.kill(program)
            done = done_jobs().count()
            wait_for(lambda done=done: done_jobs().count() > done)
        for each in buying:
            each.result()
    wait_for(lambda: Order.objects.filter(status="paid").count() == BUYERS, seconds=120)
    wait_for(lambda: not Job.objects.filter(status="due", due_at__lte=timezone.now()).exists(), seconds=60)

    assert Order.objects.count() == StripeSession.objects.filter(status="paid").count() == BUYERS
    assert {order.invoices.count() for order in Order.objects.all()} == {1}
    variant = Variant.objects.get()
    assert variant.available == StockMovement.shelf_by_ledger(variant.pk) == 5
    assert StockMovement.objects.filter(kind="sold").count() == BUYERS
    assert set(Email.objects.values_list("status", flat=True)) == {"sent"}
    assert not Job.objects.filter(status="dead").exists()
    stop(site, signal.SIGTERM)
    tell(
        connection.vendor,
        f"{BUYERS} buyers, each program killed once",
        f"{BUYERS} orders paid, 0 lost, 0 half done",
        f"back after: {', '.join(f'{name} {seconds:.1f} s' for name, seconds in back.items())}",
    )


def stop(site: Site, how: signal.Signals) -> float:
    """As Ctrl-C or a service manager does; the seconds until nobody is left, of sixty at most."""
    began = time.monotonic()
    os.killpg(site.supervisor.pid, how)
    site.supervisor.wait(30)
    wait_for(lambda: not site.everybody(), seconds=60)
    return time.monotonic() - began


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT][: count(1, 2)])
def test_nobody_outlives_the_supervisor(site: Site, how: signal.Signals) -> None:
    wait_for(lambda: all(site.main(name) for name in VICTIMS))

    seconds = stop(site, how)

    tell(connection.vendor, f"{how.name} to the supervisor", f"nobody left after {seconds:.1f} s")
