from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError, CommandParser

from shopfolio.users import audit
from shopfolio.users.models import CustomUser


class Command(BaseCommand):
    help = "Takes somebody's second factor away: phone, passkeys and spare codes are lost."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", help="the e-mail address that they log in with")

    def handle(self, *args: Any, **options: Any) -> None:
        user = CustomUser.objects.filter(email__iexact=options["address"]).first()
        if user is None:
            raise CommandError(f"Nobody logs in as {options['address']}.")
        removed, _models = Authenticator.objects.filter(user=user).delete()
        audit.record("second-factor", by=None, about=user, note=f"{removed} removed on the server")
        self.stdout.write(f"{user}: {removed} removed. The password alone opens the account now.")
