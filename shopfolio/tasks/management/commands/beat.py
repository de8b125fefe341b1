from typing import Any

from django.core.management.base import BaseCommand

from shopfolio.lib.process import end_with_parent
from shopfolio.lib.readiness import refuse_unready
from shopfolio.tasks import outbox
from shopfolio.tasks.celery import app, make_broker_folders


class Command(BaseCommand):
    help = "Rings for what is due and starts what recurs. A second one does no harm."
    requires_system_checks = []

    def handle(self, **options: Any) -> None:
        end_with_parent()
        refuse_unready()
        make_broker_folders()
        app.conf.beat_schedule = outbox.schedule()
        # In memory: each slot of a recurring job is a row's key, so there is nothing to remember here.
        app.Beat(
            scheduler_cls="celery.beat:Scheduler", loglevel="WARNING", redirect_stdouts=False, quiet=True
        ).run()
