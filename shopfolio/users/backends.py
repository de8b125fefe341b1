from typing import Any

from allauth.account.auth_backends import AuthenticationBackend

from shopfolio.lib.mailboxes import folded
from shopfolio.users.models import CustomUser


class AddressBackend(AuthenticationBackend):  # type: ignore[misc]
    def _authenticate_by_email(self, email: str, password: str) -> Any:
        """One look into one table, whether or not the address is known; allauth's takes one or two."""
        return self._check_password(CustomUser.objects.filter(email=folded(email)).first(), password)
