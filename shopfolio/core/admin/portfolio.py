from typing import Any, ClassVar

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from shopfolio.abstract_admin import PageAdmin, SortedPictures
from shopfolio.core.models import Project, ProjectPicture


class PictureInline(SortedPictures):
    model = ProjectPicture
    fields = ["image", ("image_x", "image_y"), "alt", "title", "caption", "position"]


@admin.register(Project)
class ProjectAdmin(PageAdmin):
    list_display = ["title", "client", "year", "state", "position", "on_site"]
    inlines = [PictureInline]
    preview_template = "core/project.html"
    more_fieldsets: ClassVar[list[Any]] = [
        (
            _("The job"),
            {"fields": ["client", "role", "partners", ("period", "year"), "url", "skills", "position"]},
        ),
        (_("What came of it"), {"fields": ["outcome", "figures"]}),
    ]

    def preview_context(self, page: Project, form: Any) -> dict[str, Any]:
        after = Project.objects.with_next().filter(pk=page.pk).values("next_title", "next_slug").first() or {}
        for name, value in after.items():
            setattr(page, name, value)
        return super().preview_context(page, form)
