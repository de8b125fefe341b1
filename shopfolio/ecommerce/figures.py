"""Orders and what they brought, for the back office's first page."""

from collections import Counter
from datetime import datetime

from django.db.models import Count, Sum
from django.utils.translation import gettext_lazy as _

from shopfolio import figures
from shopfolio.core.services import site
from shopfolio.ecommerce.models import Order, Refund, StripeSession
from shopfolio.figures import ByDay, Figure, Task, per_day
from shopfolio.lib.money import format_money


def orders(since: datetime) -> ByDay:
    return per_day(Order.objects.all(), "paid_at", Count("pk"), since)


def takings(since: datetime) -> ByDay:
    """In the site's currency: what sales brought on a day, less what went back, or to a bank. Minor units."""
    currency = site().profile.currency
    paid = per_day(Order.objects.filter(currency=currency), "paid_at", Sum("amount_paid"), since)
    of_sales = {"currency": currency, "order__paid_at__isnull": False}
    gone = Refund.objects.filter(**of_sales, status=Refund.Status.SUCCEEDED, session__is_surplus=False)
    back = per_day(gone, "created", Sum("amount"), since)
    disputed = StripeSession.objects.filter(**of_sales, is_surplus=False, disputed__gt=0)
    figure = Counter(paid)
    figure.subtract(back)
    figure.subtract(per_day(disputed, "disputed_at", Sum("disputed"), since))
    return dict(figure)


def in_money(amount: int) -> str:
    profile = site().profile
    return format_money(amount, profile.currency, profile.language)


figures.register(
    Figure("orders", _("Orders paid"), "ecommerce.view_order", "admin:ecommerce_order_changelist", orders)
)
figures.register(
    Figure(
        "takings",
        _("Taken, less what went back"),
        "ecommerce.view_invoice",
        "admin:ecommerce_invoice_changelist",
        takings,
        in_money,
    )
)
figures.register_task(
    Task(
        "send",
        _("%(count)d order to send"),
        _("%(count)d orders to send"),
        "ecommerce.change_order",
        "admin:ecommerce_order_changelist",
        f"fulfilment__exact={Order.Fulfilment.OPEN}",
        lambda: Order.objects.filter(fulfilment=Order.Fulfilment.OPEN, paid_at__isnull=False).count(),
    )
)
