"""Sends events to the shop, signed, until the shop takes them; and lets sessions and refunds end in time."""

import hashlib
import hmac
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import requests

from shopfolio.ecommerce.simulator import payments, refunds
from shopfolio.ecommerce.simulator.payments import Moment
from shopfolio.ecommerce.simulator.rules import DAY
from shopfolio.ecommerce.simulator.store import Store

logger = logging.getLogger(__name__)

FIRST_PAUSES = (1, 2, 5, 10, 30, 60)
LATER_PAUSE = 5 * 60
MOST_ATTEMPTS = len(FIRST_PAUSES) + 3 * DAY // LATER_PAUSE
PATIENCE = 10
AT_ONCE = 4
LONGEST_SLEEP = 1.0


def signature(payload: str, secret: str, *, at: int) -> str:
    """The Stripe-Signature header; https://docs.stripe.com/webhooks#verify-manually."""
    digest = hmac.new(secret.encode(), f"{at}.{payload}".encode(), hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def pause_after(attempts: int) -> int:
    """Seconds until the next attempt. attempts: how many failed before this one."""
    return FIRST_PAUSES[attempts] if attempts < len(FIRST_PAUSES) else LATER_PAUSE


class Background:
    """One thread that finds what is due, and a few that send, so that a slow shop delays nobody."""

    def __init__(self, store: Store, *, url: str, secret: str, moment: Callable[[], Moment]) -> None:
        self.url = url
        self._store = store
        self._secret = secret
        self._moment = moment
        self._sending: set[str] = set()
        self._idle = threading.Condition()
        self._news = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="simulator", daemon=True)
        self._senders = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="simulator-webhook")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping = True
        self.wake()
        self._thread.join()
        self._senders.shutdown()

    def wake(self) -> None:
        self._news.set()

    def wait_until_idle(self, timeout: float = PATIENCE) -> bool:
        """Whether no delivery is under way any more."""
        with self._idle:
            return self._idle.wait_for(lambda: not self._sending, timeout)

    def _run(self) -> None:
        while not self._stopping:
            self._news.clear()
            try:
                self._let_time_pass()
                while self._send_next():
                    pass
            except Exception:
                # A thread that ended here would end all webhooks without a word; the next round tries again.
                logger.exception("The simulator's background thread stumbled")
            self._news.wait(LONGEST_SLEEP)

    def _let_time_pass(self) -> None:
        moment = self._moment()
        with self._store.transaction() as tx:
            for id_ in tx.overdue_sessions(moment.now):
                payments.current_session(tx, id_, moment)
            for id_ in tx.overdue_refunds(moment.now):
                refunds.current(tx, id_, moment)
            tx.forget_answers(before=moment.now - DAY)

    def _send_next(self) -> bool:
        """Hand the delivery that is due longest to a sender, unless all are busy."""
        with self._idle:
            if not self.url or len(self._sending) >= AT_ONCE or self._stopping:
                return False
            with self._store.transaction() as tx:
                found = tx.next_delivery(time.time(), except_for=self._sending)
            if found is None:
                return False
            self._sending.add(found[0])
        self._senders.submit(self._send, *found)
        return True

    def _send(self, event_id: str, attempts: int, payload: str) -> None:
        try:
            problem = self._post(payload)
            with self._store.transaction() as tx:
                if not problem:
                    tx.delivered(event_id)
                elif attempts + 1 >= MOST_ATTEMPTS:
                    tx.give_up(event_id)
                else:
                    tx.put_off(event_id, due=time.time() + pause_after(attempts))
            if problem:
                logger.warning("Webhook %s, attempt %s: %s", event_id, attempts + 1, problem)
        finally:
            with self._idle:
                self._sending.discard(event_id)
                self._idle.notify_all()
            self.wake()

    def _post(self, payload: str) -> str:
        """What went wrong, or nothing."""
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature(payload, self._secret, at=int(time.time())),
            "User-Agent": "Shopfolio-Stripe-Simulator",
        }
        try:
            with requests.Session() as http:
                http.trust_env = False  # no proxy between two processes of one machine
                response = http.post(
                    self.url, data=payload.encode(), headers=headers, timeout=PATIENCE, allow_redirects=False
                )
        except requests.RequestException as error:
            return type(error).__name__
        return "" if response.ok and not response.is_redirect else f"status {response.status_code}"
