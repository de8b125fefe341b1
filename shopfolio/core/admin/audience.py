from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from shopfolio.abstract_admin import RowActionsMixin, RowAdmin
from shopfolio.core.models import ContactMessage, Subscriber, Testimonial


@admin.register(ContactMessage)
class ContactMessageAdmin(RowActionsMixin):
    """What visitors wrote stays as they wrote it; only what became of it is ours to say."""

    list_display = ["name", "email", "beginning", "status", "created"]
    list_filter = ["status"]
    search_fields = ["name", "email", "message"]
    date_hierarchy = "created"
    fields = ["name", "reply", "message", "created", "status"]
    readonly_fields = ["name", "reply", "message", "created"]
    actions = ["mark_read", "mark_answered", "mark_spam"]
    row_actions = ["mark_read", "mark_answered", "mark_spam"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description=_("message"))
    def beginning(self, message: ContactMessage) -> str:
        return Truncator(message.message).chars(80)

    @admin.display(description=_("e-mail"))
    def reply(self, message: ContactMessage) -> str:
        return format_html('<a href="mailto:{0}">{0}</a>', message.email)

    def row_actions_for(self, request: HttpRequest, row: ContactMessage) -> list[str]:
        done = {"read": "mark_read", "answered": "mark_answered", "spam": "mark_spam"}.get(row.status)
        return [name for name in self.row_actions if name != done]

    @admin.action(description=_("Mark as read"), permissions=["change"])
    def mark_read(self, request: HttpRequest, rows: QuerySet[ContactMessage]) -> None:
        self._mark(request, rows, ContactMessage.Status.READ)

    @admin.action(description=_("Mark as answered"), permissions=["change"])
    def mark_answered(self, request: HttpRequest, rows: QuerySet[ContactMessage]) -> None:
        self._mark(request, rows, ContactMessage.Status.ANSWERED)

    @admin.action(description=_("Mark as spam"), permissions=["change"])
    def mark_spam(self, request: HttpRequest, rows: QuerySet[ContactMessage]) -> None:
        self._mark(request, rows, ContactMessage.Status.SPAM)

    def _mark(self, request: HttpRequest, rows: QuerySet[ContactMessage], status: str) -> None:
        changed = rows.exclude(status=status).update(status=status)
        self.message_user(
            request,
            ngettext("%(count)d message marked.", "%(count)d messages marked.", changed) % {"count": changed},
        )


@admin.register(Testimonial)
class TestimonialAdmin(RowAdmin):
    __test__ = False  # pytest: not a test class

    list_display = ["name", "company", "status", "published_at", "position"]
    list_filter = ["status"]
    search_fields = ["name", "company", "feedback"]
    autocomplete_fields = ["project"]
    fieldsets = [
        (None, {"fields": ["feedback", "name", ("role", "company"), "project"]}),
        (_("Picture"), {"fields": ["image", ("image_x", "image_y")]}),
        (_("Publication"), {"fields": ["status", "published_at", "position"]}),
    ]


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
