"""What keeps a stranger out of the back office."""

from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shopfolio import checklist
from shopfolio.attention import Link
from shopfolio.checklist import State, Step


def look_at_second_factor(user: Any) -> State:
    return State(is_done=bool(is_mfa_enabled(user)))


checklist.register(
    Step(
        kind="second-factor",
        position=70,
        heading=gettext_lazy("A second factor"),
        why=gettext_lazy("A stolen password alone must not open your books: add a code app or a passkey."),
        look=look_at_second_factor,
        link=lambda: Link(_("Set one up"), reverse("account_security")),
    )
)
