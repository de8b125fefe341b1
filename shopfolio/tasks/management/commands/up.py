from typing import Any

from django.core.management.base import BaseCommand, CommandError

from shopfolio.lib.readiness import Refused
from shopfolio.tasks.supervision import up


class Command(BaseCommand):
    help = "Runs the whole site: web, worker, beat, and without a Stripe key the payment simulator."
    requires_system_checks = []

    def handle(self, **options: Any) -> None:
        try:
            up()
        except Refused as error:
            raise CommandError(str(error)) from error
