from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from shopfolio.abstract_admin import SingletonAdmin
from shopfolio.core.models import Profile
from shopfolio.users import audit

IDENTITY = [
    "email", "phone", "language", "currency", "legal_name", "address_line1", "address_line2", "postcode",
    "city", "country", "tax_id", "legal_email",
]  # fmt: skip
"""What stands on invoices and in the imprint, and where the site and its visitors reach the owner."""


@admin.register(Profile)
class ProfileAdmin(SingletonAdmin):
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
                    ("hero", "hero_alt"),
                    ("hero_title", "hero_caption"),
                ]
            },
        ),
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

    def save_model(self, request: HttpRequest, obj: Profile, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        changed = [name for name in form.changed_data if name in IDENTITY]
        if changed:
            audit.record("identity", by=request.user, note=", ".join(changed))  # type: ignore[arg-type]

    def get_readonly_fields(self, request: HttpRequest, obj: Profile | None = None) -> list[str]:
        return [] if request.user.has_perm("core.change_identity_profile") else IDENTITY
