"""The back office: Django's admin, with its index arranged in plain words."""

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext_lazy as _

from shopfolio import attention

ROOMS: dict[str, tuple[Any, list[str]]] = {
    "ecommerce": (
        _("Shop"),
        ["Order", "Product", "Invoice", "Refund", "StockMovement", "Entitlement", "Cart", "ShopSettings"],
    ),
    "core": (
        _("Site"),
        [
            "BlogPost", "Project", "Skill", "Experience", "Certificate", "Testimonial", "Policy", "Tag",
            "Profile", "Redirect",
        ],
    ),
    "users": (_("People"), ["ContactMessage", "Subscriber", "CustomUser"]),
    "tasks": (_("Machine room"), ["Job", "Email", "StripeSession", "StripeEvent", "InvoiceSeries"]),
}  # fmt: skip
"""The app whose address a group takes; its heading; its models in order. All others go to the last group."""


class BackOffice(AdminSite):
    site_header = _("Back office")
    site_title = _("Back office")
    index_title = _("Back office")
    index_template = "admin/first_page.html"
    empty_value_display = "–"

    def get_urls(self) -> list[Any]:
        return [path("attention/", self.admin_view(self.attention), name="attention"), *super().get_urls()]

    def attention(self, request: HttpRequest) -> TemplateResponse:
        """What needs the person who asks, with a button for each."""
        context = {
            **self.each_context(request),
            "title": _("Needs your attention"),
            "groups": attention.look(attention.for_user(request.user)),
        }
        return TemplateResponse(request, "admin/attention.html", context)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        waiting = attention.count(attention.for_user(request.user))
        return super().index(request, {"waiting": waiting, **(extra_context or {})})

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        apps = super().get_app_list(request, app_label)
        if app_label:
            return apps
        models = {model["object_name"]: model for app in apps for model in app["models"]}
        by_label = {app["app_label"]: app for app in apps}
        named = {name for _heading, names in ROOMS.values() for name in names}
        others = [name for name in models if name not in named]
        rooms = []
        for label, (heading, names) in ROOMS.items():
            wanted = names + (others if label == "tasks" else [])
            found = [models[name] for name in wanted if name in models]
            if found and label in by_label:
                rooms.append({**by_label[label], "name": heading, "models": found})
        return rooms


class BackOfficeConfig(AdminConfig):
    default_site = "shopfolio.back_office.BackOffice"
