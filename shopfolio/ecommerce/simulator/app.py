"""The simulator as a WSGI application."""

import time
from collections.abc import Iterable
from importlib.resources import files
from typing import Any

from shopfolio.ecommerce.simulator.config import Config
from shopfolio.ecommerce.simulator.endpoint import Api
from shopfolio.ecommerce.simulator.errors import StripeError
from shopfolio.ecommerce.simulator.http import Request, Response, StartResponse
from shopfolio.ecommerce.simulator.pages import PayPages
from shopfolio.ecommerce.simulator.payments import Moment
from shopfolio.ecommerce.simulator.store import Store
from shopfolio.ecommerce.simulator.webhooks import Background
from shopfolio.lib.addresses import is_loopback

FONT = "static/shopfolio/fonts/instrument-sans.woff2"
FORWARDED = {"forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip"}


class Simulator:
    """Serves the API and the pay pages; `background` sends the webhooks once it is started."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.store = Store(config.database)
        self.background = Background(
            self.store, url=config.webhook_url, secret=config.webhook_secret, moment=self._moment
        )
        self.store.on_announce = self.background.wake
        self._api = Api(self.store, key=config.key, pay_origin=config.url, moment=self._moment)
        self._pages = PayPages(self.store, business=config.business, moment=self._moment)
        self._assets = {
            "/pay.css": Response(
                _package_file("ecommerce/simulator/pay.css"), content_type="text/css; charset=utf-8"
            ),
            "/sans.woff2": Response(_package_file(FONT), content_type="font/woff2"),
            "/favicon.ico": Response(status=204),
        }

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        try:
            response = self._respond(Request.of(environ))
        except StripeError as error:
            response = Response.json(error.body(), status=error.status)
        return response.send(start_response)

    def _respond(self, request: Request) -> Response:
        _refuse_strangers(request)
        if request.path.startswith("/v1/"):
            return self._api.respond(request)
        if request.path in self._assets:
            return self._assets[request.path]
        return self._pages.respond(request)

    def _moment(self) -> Moment:
        return Moment(now=int(self.config.clock()), due=time.time())

    def close(self) -> None:
        self.background.stop()
        self.store.close()


def create_app(config: Config) -> Simulator:
    """A simulator at rest: whoever serves it calls background.start(), in the process that serves."""
    return Simulator(config)


def _package_file(path: str) -> bytes:
    return files("shopfolio").joinpath(path).read_bytes()


def _refuse_strangers(request: Request) -> None:
    """Only this machine, under its own name (DNS rebinding), and through no proxy."""
    host = request.headers.get("host", "")
    name = host[: host.index("]") + 1] if host.startswith("[") and "]" in host else host.partition(":")[0]
    if not (is_loopback(request.peer) and is_loopback(name)) or FORWARDED & request.headers.keys():
        raise StripeError("The simulator only answers this machine.", status=403)
