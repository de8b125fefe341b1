from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from shopfolio.abstract_admin import RowActionsMixin, RowAdmin
from shopfolio.core.models import Subscriber, Testimonial


@admin.register(Testimonial)
class TestimonialAdmin(RowActionsMixin):
    __test__ = False  # pytest: not a test class

    list_display = ["name", "company", "beginning", "status", "project", "published_at", "position"]
    list_filter = ["status"]
    list_select_related = ["project"]
    search_fields = ["name", "company", "feedback"]
    row_actions = ["publish", "unpublish"]
    actions = [*row_actions]
    fieldsets = [
        (None, {"fields": ["feedback", "name", ("role", "company"), "project"]}),
        (_("Picture"), {"fields": ["image", ("image_x", "image_y")]}),
        (_("Publication"), {"fields": ["status", "published_at", "position"]}),
    ]

    @admin.display(description=_("feedback"))
    def beginning(self, testimonial: Testimonial) -> str:
        return Truncator(testimonial.feedback).chars(80)

    def row_actions_for(self, request: HttpRequest, row: Testimonial) -> list[str]:
        return ["unpublish" if row.status == Testimonial.Status.PUBLISHED else "publish"]

    @admin.action(description=_("Publish"), permissions=["change"])
    def publish(self, request: HttpRequest, rows: QuerySet[Testimonial]) -> None:
        self._set_status(request, rows, Testimonial.Status.PUBLISHED)

    @admin.action(description=_("Take off the site"), permissions=["change"])
    def unpublish(self, request: HttpRequest, rows: QuerySet[Testimonial]) -> None:
        self._set_status(request, rows, Testimonial.Status.DRAFT)

    def _set_status(self, request: HttpRequest, rows: QuerySet[Testimonial], status: str) -> None:
        changed = list(rows.exclude(status=status))
        for testimonial in changed:
            testimonial.status = status
            testimonial.save(update_fields=["status"])
            self.log_change(request, testimonial, [{"changed": {"fields": ["status"]}}])
        said = ngettext("%(count)d testimonial changed.", "%(count)d testimonials changed.", len(changed))
        self.message_user(request, said % {"count": len(changed)})


@admin.register(Subscriber)
class SubscriberAdmin(RowAdmin):
    """People subscribe themselves, and confirm; the owner may look, and forget them."""

    list_display = ["email", "status", "confirmed_at", "left_at", "created"]
    list_filter = ["status"]
    search_fields = ["email"]
    fields = ["email", "status", "confirmed_at", "left_at", "created"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Subscriber | None = None) -> bool:
        return False
