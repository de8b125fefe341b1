from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from shopfolio.lib.http import visitors_address


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False  # accounts for buyers are not built yet

    def get_client_ip(self, request: HttpRequest) -> str:
        """For the limits on attempts: behind a proxy all visitors would share one."""
        return visitors_address(request)
