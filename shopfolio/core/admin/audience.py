from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from shopfolio.abstract_admin import RowAdmin
from shopfolio.core.models import Subscriber, Testimonial


@admin.register(Testimonial)
class TestimonialAdmin(RowAdmin):
    __test__ = False  # pytest: not a test class

    list_display = ["name", "company", "status", "published_at", "position"]
    list_filter = ["status"]
    search_fields = ["name", "company", "feedback"]
    autocomplete_fields = ["project"]
    fieldsets = [
        (None, {"fields": ["feedback", "name", ("role", "company"), "image", "project"]}),
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
