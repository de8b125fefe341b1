from typing import Any, ClassVar

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from shopfolio.abstract_admin import PICTURES, PageAdmin, RowsStacked
from shopfolio.core.models import Project, ProjectPicture


class PictureInline(RowsStacked):
    model = ProjectPicture
    extra = 0
    fields = ["image", ("image_x", "image_y"), "alt", ("title", "caption"), "position"]
    formfield_overrides = PICTURES


@admin.register(Project)
class ProjectAdmin(PageAdmin):
    list_display = ["title", "client", "year", "state", "position", "on_site"]
    autocomplete_fields = ["skills"]
    inlines = [PictureInline]
    more_fieldsets: ClassVar[list[Any]] = [
        (
            _("The job"),
            {"fields": ["client", "role", "partners", ("period", "year"), "url", "skills", "position"]},
        ),
        (_("What came of it"), {"fields": ["outcome", "figures"]}),
    ]
