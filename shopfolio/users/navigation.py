"""The rooms of an account. Upper apps add theirs in AppConfig.ready(); only what is added is shown.

navigation.add("orders", _("Orders"), "ecommerce:account_orders", _("What you bought, invoices, downloads."))
"""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from shopfolio.users.models import CustomUser

ORDER = ("profile", "orders", "addresses", "newsletter", "security", "data")
"""Who adds a room names its place here too."""


class OwnRequest(HttpRequest):
    """Of somebody who is logged in; what a room's view gets behind login_required."""

    user: CustomUser


@dataclass(frozen=True)
class Room:
    name: str
    label: Any
    address: str
    """The name of its URL."""
    note: Any = ""
    """What is done there, in a sentence, for the account's first page."""


_rooms: dict[str, Room] = {}


def add(name: str, label: Any, address: str, note: Any = "") -> None:
    _rooms[name] = Room(name, label, address, note)


def rooms() -> list[Room]:
    return sorted(_rooms.values(), key=lambda room: ORDER.index(room.name))
