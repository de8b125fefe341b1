import re
from typing import Any

from django import forms
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from shopfolio.abstract_admin import SingletonAdmin
from shopfolio.core.models import Profile
from shopfolio.core.models.site import ACCENT
from shopfolio.lib.colours import PAPERS, contrast, shades
from shopfolio.lib.locales import countries, currency_name
from shopfolio.lib.money import EXPONENTS
from shopfolio.users import audit

IDENTITY = [
    "email", "phone", "language", "currency", "legal_name", "address_line1", "address_line2", "postcode",
    "city", "country", "tax_id", "legal_email",
]  # fmt: skip
"""What stands on invoices and in the imprint, and where the site and its visitors reach the owner."""


WORDS: dict[str, tuple[Any, Any]] = {
    "name": (_("Your name"), _("Or your studio's. It stands on every page.")),
    "role": ("", _("In a few words, such as “Illustrator and printmaker”.")),
    "headline": ("", _("The first sentence of the home page, in large type. Empty: your name.")),
    "summary": (
        _("You in a paragraph"),
        _("Opens the résumé; search engines show it."),
    ),
    "body": (_("You at length"), _("Closes the résumé.")),
    "availability": ("", _("Such as “Commissions from March”. On the home page, résumé and contact page.")),
    "place": (_("Where you work"), _("Such as “Lisbon, Portugal”.")),
    "email": ("", _("On the contact page and the résumé, for everybody to read. Empty: only the form.")),
    "phone": ("", _("On the contact page and the résumé. Empty: none.")),
    "newsletter_pitch": ("", _("One sentence beside the newsletter's form.")),
    "portrait_alt": (_("The portrait in words"), _("For those who do not see it.")),
    "hero_alt": (_("The home picture in words"), _("For those who do not see it.")),
    "hero_title": (_("Its title"), ""),
    "hero_caption": (_("Its caption"), _("Such as the year, the technique, the size.")),
    "accent": (
        "",
        _("Buttons and whatever is chosen have it. Words get a shade that can be read."),
    ),
    "home_sections": (_("On the home page"), _("Tick what is to be shown, in the order that you want.")),
    "language": ("", _("In two letters: en for English, pt for Portuguese.")),
    "currency": ("", _("What your prices are in. Invoices that are written keep theirs.")),
    "address_line2": (_("Second line"), _("If the address has one.")),
    "tax_id": ("", _("As your tax office writes it, such as PT123456789.")),
    "legal_email": ("", _("Empty: the public one.")),
}


class AccentWidget(forms.TextInput):
    """The browser's own chooser, with a picture of what the colour does; accent.js makes it anew."""

    input_type = "color"
    template_name = "admin/core/accent.html"

    def use_required_attribute(self, initial: Any) -> bool:
        return False  # it always has a colour

    @property
    def media(self) -> forms.Media:
        return forms.Media(js=[forms.Script("shopfolio/accent.js", type="module")])  # type: ignore[list-item]

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        attrs = (attrs or {}) | {"data-preview": reverse("admin:core_profile_accent")}
        context = super().get_context(name, value, attrs)
        is_colour = re.fullmatch("#[0-9a-f]{6}", value or "")
        return context | seen(value if is_colour else ACCENT)


def seen(colour: str) -> dict[str, Any]:
    """The colour's shades, and how well each is read."""
    found = shades(colour)
    return {
        "shades": found,
        "papers": PAPERS,
        "on_button": contrast(found.on_accent, found.accent),
        "is_shaded": {scheme for scheme in PAPERS if getattr(found, scheme) != colour},
        "as_text": {scheme: contrast(getattr(found, scheme), paper) for scheme, paper in PAPERS.items()},
    }


@admin.register(Profile)
class ProfileAdmin(SingletonAdmin):
    words = WORDS
    fieldsets = [
        (_("Who you are"), {"fields": ["name", "role", "headline", "summary", "body", "availability"]}),
        (
            _("How to reach you"),
            {"fields": ["place", "email", "phone", "links", "spoken_languages", "newsletter_pitch"]},
        ),
        (
            _("Pictures"),
            {
                "fields": [
                    ("portrait", "portrait_alt"),
                    ("portrait_x", "portrait_y"),
                    ("hero", "hero_alt"),
                    ("hero_x", "hero_y"),
                    ("hero_title", "hero_caption"),
                ]
            },
        ),
        (_("How it looks"), {"fields": ["accent", "home_sections"]}),
        (_("The site"), {"fields": ["language", "currency"]}),
        (
            _("What stands on invoices and in the imprint"),
            {
                "fields": [
                    "legal_name", "address_line1", "address_line2", ("postcode", "city", "country"), "tax_id",
                    "legal_email",
                ],
            },
        ),
    ]  # fmt: skip

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        language = get_language() or "en"
        if db_field.name == "accent":
            kwargs["widget"] = AccentWidget
        elif db_field.name == "currency":
            names = [(code, f"{code}, {currency_name(code, language)}") for code in EXPONENTS]
            kwargs["widget"] = forms.Select(choices=names)
        elif db_field.name == "country":
            kwargs["widget"] = forms.Select(choices=[("", "–"), *countries([], language)])
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if "widget" in kwargs:
            field.widget.attrs.pop("maxlength", None)  # of a box for words, which none of these is
        return field

    def get_urls(self) -> list[URLPattern]:
        address = path(
            "accent/", self.admin_site.admin_view(require_safe(self.accent)), name="core_profile_accent"
        )
        return [address, *super().get_urls()]

    def accent(self, request: HttpRequest) -> HttpResponse:
        """What a colour does on both papers, before it is saved."""
        colour = request.GET.get("accent", "")
        if not self.has_change_permission(request) or not re.fullmatch("#[0-9a-f]{6}", colour):
            raise Http404
        return render(request, "admin/core/accent_shown.html", seen(colour))

    def save_model(self, request: HttpRequest, obj: Profile, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        changed = [name for name in form.changed_data if name in IDENTITY]
        if changed:
            audit.record("identity", by=request.user, note=", ".join(changed))  # type: ignore[arg-type]

    def get_readonly_fields(self, request: HttpRequest, obj: Profile | None = None) -> list[str]:
        return [] if request.user.has_perm("core.change_identity_profile") else IDENTITY
