"""What a simulator is started with, and what it refuses to be started with."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from shopfolio.lib.addresses import is_loopback

KEY_PREFIX = "sk_test_simulator_"


class Refused(ValueError):
    """The simulator would be reachable, or could be mistaken for Stripe."""


@dataclass(frozen=True, kw_only=True)
class Config:
    database: Path
    key: str
    webhook_secret: str
    webhook_url: str = ""
    port: int
    host: str = "127.0.0.1"
    business: str = ""
    clock: Callable[[], float] = time.time  # tests let sessions expire

    def __post_init__(self) -> None:
        if not self.key.startswith(KEY_PREFIX) or self.key == KEY_PREFIX:
            raise Refused(f"The simulator only takes a key that starts with {KEY_PREFIX}.")
        if not self.webhook_secret:
            raise Refused("The simulator signs its webhooks: it needs a webhook secret.")
        if not is_loopback(self.host):
            raise Refused(f"The simulator only listens on this machine, not on {self.host}.")
        if self.webhook_url and not is_loopback(urlsplit(self.webhook_url).hostname or ""):
            raise Refused(f"The simulator only calls webhooks on this machine, not {self.webhook_url}.")

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"
