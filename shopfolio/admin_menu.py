"""The back office's menu: what is where, and what it is called in plain words."""

from collections.abc import Iterator
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

MENU: dict[str, tuple[Any, list[str]]] = {
    "orders": (_("Orders"), ["Order", "Invoice", "Refund", "Entitlement", "Cart"]),
    "products": (_("Products"), ["Product", "StockMovement"]),
    "writing": (_("Writing"), ["BlogPost", "Tag", "Policy"]),
    "work": (_("Work"), ["Project", "Testimonial"]),
    "resume": (_("Résumé"), ["Experience", "Skill", "Certificate"]),
    "messages": (_("Messages"), ["ContactMessage"]),
    "people": (_("People"), ["CustomUser", "Subscriber"]),
    "settings": (_("Settings"), ["Profile", "ShopSettings", "Redirect"]),
    "machine": (
        _("Machine room"),
        ["AuditEntry", "Job", "Email", "StripeSession", "StripeEvent", "InvoiceSeries"],
    ),
}
"""Where people look for what: a heading, and its models in order. All others go to the last one."""

PLAIN = {
    "AuditEntry": _("Who did what"),
    "CustomUser": _("Accounts"),
    "Email": _("Mails sent"),
    "Entitlement": _("Downloads"),
    "Job": _("Background jobs"),
    "Policy": _("Terms and policies"),
    "Profile": _("You and your site"),
    "Redirect": _("Old addresses"),
    "ShopSettings": _("The shop"),
    "StockMovement": _("Stock ledger"),
    "Subscriber": _("Newsletter subscribers"),
}
"""What a list is called where the model's own name is a programmer's."""


def list_name(opts: Any) -> str:
    """What the list of a model is called in the back office."""
    return str(PLAIN.get(opts.object_name) or capfirst(opts.verbose_name_plural))


def menu_of(apps: list[Any], path: str) -> list[dict[str, Any]]:
    """Django's list of apps as the menu's headings; `path` is where the person is."""
    models = {model["object_name"]: model for model in lists_in(apps, path)}
    named = {name for _heading, names in MENU.values() for name in names}
    others = [name for name in models if name not in named]
    menu = []
    for label, (heading, names) in MENU.items():
        wanted = names + (others if label == "machine" else [])
        if found := [models[name] for name in wanted if name in models]:
            menu.append(heading_of(label, heading, found))
    return menu


def lists_in(apps: list[Any], path: str) -> Iterator[dict[str, Any]]:
    """The models that have a list, by their plain names, and whether `path` is in it."""
    for model in (model for app in apps for model in app["models"] if model["admin_url"]):
        name = PLAIN.get(model["object_name"], model["name"])
        yield {**model, "name": name, "is_here": path.startswith(model["admin_url"])}


def heading_of(label: str, heading: Any, models: list[Any]) -> dict[str, Any]:
    """In the shape of Django's app list; the heading leads to the first model's list."""
    return {
        "app_label": label,
        "name": heading,
        "app_url": models[0]["admin_url"],
        "models": models,
        "is_here": any(model["is_here"] for model in models),
        "is_one_list": str(heading) == str(models[0]["name"]),
    }
