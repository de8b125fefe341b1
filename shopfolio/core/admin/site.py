from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from shopfolio.abstract_admin import SingletonAdmin
from shopfolio.core.models import Profile


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
