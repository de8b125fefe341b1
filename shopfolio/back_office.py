"""The back office: Django's admin, with its index arranged in plain words."""

import re
from dataclasses import dataclass
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.admin.utils import display_for_field, display_for_value, lookup_field
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import strip_tags
from django.utils.translation import gettext_lazy as _

from shopfolio import attention, figures
from shopfolio.admin_menu import MENU, list_name, menu_of
from shopfolio.lib.http import SeeOther, where_next
from shopfolio.users.reauthentication import has_shown_second_factor
from shopfolio.users.views import log_out

CLOSED = {"auth", "account", "mfa", "sites", "socialaccount", "usersessions"}
"""Apps of libraries whose models are not shown. A role's rights are written in the code, the site's address
comes from its surroundings; e-mail addresses, second factors and sessions are their owners' business, on the
account pages."""


def has_second_factor(user: Any) -> bool:
    return bool(is_mfa_enabled(user))


def way_to_show(user: Any) -> str:
    """The page that asks for the app's code, or for a passkey where there is no app."""
    has_app = is_mfa_enabled(user, types=[Authenticator.Type.TOTP])
    return "mfa_reauthenticate" if has_app else "mfa_reauthenticate_webauthn"


def second_factor_first(view: Any) -> Any:
    """On a site that others reach, a password alone opens no page but the one that leaves."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        is_leaving = request.path == reverse("admin:logout")
        if settings.LOOPBACK or is_leaving or has_shown_second_factor(request):
            return view(request, *args, **kwargs)
        if has_second_factor(request.user):  # set up in another browser, after this one had logged in
            page = request.get_full_path() if request.method == "GET" else reverse("admin:index")
            return SeeOther(f"{reverse(way_to_show(request.user))}?{urlencode({'next': page})}")
        if request.method == "GET":
            request.session["back_office_page"] = request.get_full_path()
        return render(request, "admin/second_factor.html", {"title": _("A second factor")}, status=403)

    return guarded


QUICK = {
    "core_blogpost": _("Write a post"),
    "ecommerce_product": _("Add a product"),
    "core_project": _("Add a case study"),
    "core_testimonial": _("Add a testimonial"),
}
MOST_HITS = 6
"""Of each kind; the list itself has the others."""
COLUMNS_SHOWN = 4


def in_a_line(row: Any, model_admin: Any) -> str:
    """What the list says of a row beside its name, which alone may be no more than a number."""
    shown = []
    for column in model_admin.get_list_display(None)[:COLUMNS_SHOWN]:
        field, _attribute, value = lookup_field(column, row, model_admin)
        if field is None or field.remote_field:
            shown.append(strip_tags(display_for_value(value, "")))
        else:
            shown.append(str(display_for_field(value, field, "")))
    return ", ".join(text for text in shown if text and not has_words(str(row), text))


def has_words(title: str, words: str) -> bool:
    """Whether a title says them, as whole words: "1" is not in "INV-0001"."""
    return bool(re.search(rf"(?<!\w){re.escape(words)}(?!\w)", title))


@dataclass(frozen=True)
class Hits:
    heading: str
    rows: list[tuple[str, str, str]]
    list_url: str
    has_more: bool

    @classmethod
    def of(cls, model_admin: Any, rows: list[Any], words: str) -> "Hits":
        opts = model_admin.opts
        name = f"admin:{opts.app_label}_{opts.model_name}"
        shown = [
            (str(row), in_a_line(row, model_admin), reverse(f"{name}_change", args=[row.pk]))
            for row in rows[:MOST_HITS]
        ]
        list_url = f"{reverse(f'{name}_changelist')}?{urlencode({'q': words})}"
        return cls(list_name(opts), shown, list_url, len(rows) > MOST_HITS)


class BackOffice(AdminSite):
    site_header = _("Back office")
    site_title = _("Back office")
    index_title = _("Back office")
    index_template = "admin/first_page.html"
    empty_value_display = "–"
    enable_nav_sidebar = False  # ours stands in admin/_places.html

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        models: list[Any] = [model_or_iterable] if isinstance(model_or_iterable, type) else model_or_iterable
        shown = [model for model in models if model._meta.app_label not in CLOSED]
        super().register(shown, admin_class, **options)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        return super().admin_view(second_factor_first(view), cacheable)

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Leads to the one login, where tries are counted and a second factor is asked for."""
        first_page = reverse("admin:index")
        if not request.user.is_authenticated:
            wanted = urlencode({"next": where_next(request, first_page)})
            return SeeOther(f"{reverse('account_login')}?{wanted}")
        if not self.has_permission(request):
            raise PermissionDenied
        return SeeOther(first_page)

    def logout(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """The account pages' own, which leaves nothing of the person in the browser."""
        return log_out(request)

    def get_urls(self) -> list[Any]:
        from shopfolio import first_start  # which registers models here

        return [
            path("attention/", self.admin_view(self.attention), name="attention"),
            path("search/", self.admin_view(self.search), name="search"),
            *first_start.addresses(self),
            *super().get_urls(),
        ]

    def attention(self, request: HttpRequest) -> TemplateResponse:
        """What needs the person who asks, with a button for each."""
        groups = attention.look(attention.for_user(request.user))
        context = {
            **self.each_context(request),
            "title": _("Needs your attention"),
            "groups": [group.for_user(request.user) for group in groups],
        }
        return TemplateResponse(request, "admin/attention.html", context)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        from shopfolio.first_start import on_first_page  # which registers models here

        context = {
            "start": on_first_page(request),
            "waiting": attention.count(attention.for_user(request.user)),
            "courses": figures.for_user(request.user),
            "tasks": figures.tasks_for(request.user),
            "quick": self.quick_actions(request),
            "has_second_factor": not settings.LOOPBACK or has_second_factor(request.user),
        }
        return super().index(request, context | (extra_context or {}))

    def quick_actions(self, request: HttpRequest) -> list[tuple[Any, str]]:
        """What is done most often, where this person may."""
        may = [
            (label, f"admin:{name}_add")
            for name, label in QUICK.items()
            if request.user.has_perm(name.replace("_", ".add_", 1))
        ]
        return [(label, reverse(address)) for label, address in may]

    def in_order(self) -> list[Any]:
        """The admins of models as the menu names them; all others behind."""
        order = [name for _heading, names in MENU.values() for name in names]
        place = {name: number for number, name in enumerate(order)}
        return sorted(
            self._registry.values(), key=lambda each: place.get(each.opts.object_name or "", len(order))
        )

    def search(self, request: HttpRequest) -> TemplateResponse:
        """Everything that this person may see and a list here can look for, a few of each kind."""
        words = " ".join(request.GET.get("q", "").split())[:100]
        found = []
        for model_admin in self.in_order() if words else ():
            if not model_admin.get_search_fields(request) or not model_admin.has_view_permission(request):
                continue
            rows, _may_repeat = model_admin.get_search_results(
                request, model_admin.get_queryset(request), words
            )
            hits = list(dict.fromkeys(rows[: MOST_HITS + 1]))
            if hits:
                found.append(Hits.of(model_admin, hits, words))
        context = {**self.each_context(request), "title": _("Search"), "words": words, "found": found}
        return TemplateResponse(request, "admin/search.html", context)

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return redirect("account_change_password")

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """The menu, each heading with those of its models that this person may see."""
        apps = super().get_app_list(request, app_label)
        if app_label:
            return apps
        return menu_of(apps, request.path)
