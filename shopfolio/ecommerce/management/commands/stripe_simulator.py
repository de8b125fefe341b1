"""Starts the local stand-in for Stripe."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from gunicorn.app.base import BaseApplication

from shopfolio.ecommerce.simulator.app import Simulator, create_app
from shopfolio.ecommerce.simulator.config import Config, Refused
from shopfolio.lib.process import end_with_parent

THREADS = 16


class Command(BaseCommand):
    help = "Serves a stand-in for Stripe's API and pay page on this machine. No money moves."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        secrets = settings.STRIPE_WEBHOOK_SECRET
        parser.add_argument("--port", type=int, default=settings.PORT + 1)
        parser.add_argument("--database", type=Path, default=settings.DATA_DIR / "stripe.sqlite3")
        parser.add_argument("--key", default=settings.STRIPE_SECRET_KEY)
        parser.add_argument("--webhook-secret", default=secrets[0] if secrets else "")
        parser.add_argument("--webhook-url", default=f"http://127.0.0.1:{settings.PORT}/webhooks/stripe/")
        parser.add_argument("--business", default="", help="the name that the pay page shows")

    def handle(self, *args: Any, **options: Any) -> None:
        end_with_parent()
        names = ("port", "database", "key", "webhook_secret", "webhook_url", "business")
        try:
            config = Config(**{name: options[name] for name in names})
        except Refused as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"Stripe simulator on {config.url}, webhooks to {config.webhook_url}. No money moves."
        )
        Server(config).run()


class Server(BaseApplication):  # type: ignore[misc]
    """One worker process with threads: the state has one writer, and the webhooks one sender."""

    def __init__(self, config: Config) -> None:
        self.config = config
        super().__init__()

    def load_config(self) -> None:
        chosen = {
            "bind": f"{self.config.host}:{self.config.port}",
            "worker_class": "gthread",
            "workers": 1,
            "threads": THREADS,
            "keepalive": 65,
            "graceful_timeout": 5,
            "loglevel": "warning",
            "proc_name": "stripe-simulator",
            "post_worker_init": lambda worker: worker.wsgi.background.start(),
            "worker_exit": lambda arbiter, worker: worker.wsgi.close(),
        }
        for name, value in chosen.items():
            self.cfg.set(name, value)

    def load(self) -> Simulator:
        return create_app(self.config)
