from typing import ClassVar

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from shopfolio.abstract_admin import PageAdmin
from shopfolio.core.models import Policy


@admin.register(Policy)
class PolicyAdmin(PageAdmin):
    list_display = ["title", "state", "position", "modified", "on_site"]
    preview_template = "core/policy.html"
    more_fieldsets: ClassVar = [(_("At the foot of every page"), {"fields": ["position"]})]
