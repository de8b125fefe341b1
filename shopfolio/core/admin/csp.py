from django.contrib import admin

from shopfolio.abstract_admin import ReadOnlyAdmin
from shopfolio.core.models import CspReport


@admin.register(CspReport)
class CspReportAdmin(ReadOnlyAdmin):
    list_display = ["directive", "blocked", "page", "count", "created", "modified"]
    list_filter = ["directive"]
    search_fields = ["blocked", "page"]
