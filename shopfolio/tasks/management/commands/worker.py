import warnings
from typing import Any

from celery.bin.celery import celery
from celery.exceptions import SecurityWarning
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from shopfolio.lib.process import end_with_parent
from shopfolio.lib.readiness import refuse_unready
from shopfolio.tasks.broker import forget_old_messages
from shopfolio.tasks.celery import make_broker_folders


class Command(BaseCommand):
    help = "Does the jobs: mail, invoices, payments. Any number of these may run."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--concurrency", type=int, default=2, help="jobs at the same time (2)")

    def handle(self, *, concurrency: int, **options: Any) -> None:
        end_with_parent()
        refuse_unready()
        if settings.CELERY_BROKER_URL.startswith("filesystem"):
            make_broker_folders()
            forget_old_messages(settings.BROKER_DIR / "queue")
        # Celery warns root of what pickled messages could do; ours carry JSON only.
        warnings.simplefilter("ignore", SecurityWarning)
        # Not app.worker_main, which forgets the exit code: who starts us must see that we gave up.
        celery.main(
            [
                "--app=shopfolio.tasks.celery",
                "--quiet",
                "worker",
                "--pool=prefork",
                f"--concurrency={concurrency}",
                "--without-gossip",
                "--without-mingle",
                "--without-heartbeat",
                "--loglevel=WARNING",
            ]
        )
