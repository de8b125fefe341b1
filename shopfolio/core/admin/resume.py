from typing import Any, ClassVar

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from shopfolio.abstract_admin import PageAdmin, RowAdmin, StateFilter
from shopfolio.core.models import Certificate, Experience, Skill


@admin.register(Skill)
class SkillAdmin(PageAdmin):
    list_display = ["title", "group", "level", "state", "position", "on_site"]
    list_filter: ClassVar[list[Any]] = [StateFilter, "group"]
    more_fieldsets: ClassVar[list[Any]] = [
        (_("How well"), {"fields": [("group", "position"), ("level", "since")]})
    ]


@admin.register(Certificate)
class CertificateAdmin(PageAdmin):
    list_display = ["title", "issuer", "issued", "state", "on_site"]
    more_fieldsets: ClassVar[list[Any]] = [
        (_("The paper"), {"fields": ["issuer", ("issued", "expires"), "credential_id", "url"]})
    ]


@admin.register(Experience)
class ExperienceAdmin(RowAdmin):
    list_display = ["title", "organisation", "kind", "started", "ended", "status"]
    list_filter = ["kind", "status"]
    search_fields = ["title", "organisation"]
    fieldsets = [
        (None, {"fields": ["title", ("organisation", "place"), "url", ("started", "ended"), "body"]}),
        (_("On the résumé"), {"fields": [("kind", "status")]}),
    ]
