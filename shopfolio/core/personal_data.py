"""What the site's content knows of people: messages, and who gets the newsletter."""

from typing import Any

from django.db.models import Model, Q, QuerySet

from shopfolio.core.models import ContactMessage, Subscriber
from shopfolio.users.models import CustomUser
from shopfolio.users.personal_data import Files, Holder, nameless_in_history, rows


def theirs(model: type[Model], person: CustomUser) -> QuerySet[Any]:
    """Rows with an address that they have shown to be theirs."""
    found = Q(pk=None)
    for address in person.verified_addresses():
        found |= Q(email__iexact=address)
    return model._default_manager.filter(found)


def export(person: CustomUser) -> Files:
    yield "newsletter.json", rows(theirs(Subscriber, person), "email", "status", "confirmed_at", "left_at")
    yield "messages.json", [conversation(message) for message in theirs(ContactMessage, person)]


def conversation(message: ContactMessage) -> dict[str, Any]:
    [told] = rows([message], "created", "name", "email", "message")
    return told | {"replies": rows(message.replies.all(), "created", "text")}


def erase(person: CustomUser) -> None:
    for found in (theirs(Subscriber, person), theirs(ContactMessage, person)):
        nameless_in_history(found)
        found.delete()


HOLDER = Holder(export, erase)
