from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from shopfolio.abstract_admin import ReadOnlyAdmin, ReadOnlyInline
from shopfolio.ecommerce.models import Cart, CartLine


class CartLineInline(ReadOnlyInline):
    model = CartLine
    fields = ["variant", "quantity"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[CartLine]:
        return super().get_queryset(request).select_related("variant__product")


@admin.register(Cart)
class CartAdmin(ReadOnlyAdmin):
    list_display = ["created", "modified", "user", "how_many"]
    list_select_related = ["user"]
    date_hierarchy = "modified"
    fields = ["created", "modified", "user"]
    inlines = [CartLineInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Cart]:
        carts: QuerySet[Cart] = super().get_queryset(request)
        return carts.annotate(how_many_lines=Count("lines"))

    @admin.display(description=_("lines"), ordering="how_many_lines")
    def how_many(self, cart: Cart) -> int:
        return cart.how_many_lines  # type: ignore[attr-defined, no-any-return]
