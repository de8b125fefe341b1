"""What account pages write to people: rows of the outbox, like every other mail."""

from typing import Any

from django.db import transaction
from django.utils.translation import get_language
from uuid_utils.compat import uuid7

from shopfolio.lib.http import absolute_url
from shopfolio.tasks.emails import queue_mail, render
from shopfolio.tasks.models import Email


@transaction.atomic
def send(template: str, *, to: str, context: dict[str, Any] | None = None) -> Email:
    """template: a folder of templates/emails/account/. Who asked for it has been counted already."""
    links = {"login_url": absolute_url("account_login"), "sign_up_url": absolute_url("account_signup"),
             "reset_url": absolute_url("account_reset_password"),
             "security_url": absolute_url("account_security"),
             "data_url": absolute_url("account_data")}  # fmt: skip
    return queue_mail(
        f"account/{template}",
        key=f"account-{uuid7()}",
        to=to,
        from_name=render("emails/includes/owner.txt", {}),
        context=links | (context or {}),
        language=get_language() or "en",
        is_secret=template == "code",
    )
