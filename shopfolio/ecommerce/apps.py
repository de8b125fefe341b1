from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EcommerceConfig(AppConfig):
    name = "shopfolio.ecommerce"
    verbose_name = _("Shop")

    def ready(self) -> None:
        from shopfolio.core import sitemaps
        from shopfolio.core.whole_pages import OUR_COOKIES
        from shopfolio.ecommerce import attention, checklist, figures, roles, tasks  # noqa: F401
        from shopfolio.ecommerce import personal_data as own
        from shopfolio.ecommerce.models import Cart, Product
        from shopfolio.ecommerce.models.cart import CartCookie
        from shopfolio.ecommerce.views.cart import bring_along
        from shopfolio.users import audit, navigation, personal_data
        from shopfolio.users.adapter import ARRIVALS, DEPARTURES

        audit.ACTIONS |= {
            "refund": _("Gave money back"),
            "link": _("Revoked an order’s link"),
            "shop": _("Changed the shop’s settings"),
            "demo": _("Took the demo content away"),
        }
        ARRIVALS.append(bring_along)
        DEPARTURES.append(Cart.forget_in)
        personal_data.add(own.HOLDER)
        sitemaps.FIXED.append("ecommerce:shop")
        sitemaps.MODELS["products"] = Product
        OUR_COOKIES.add(CartCookie.NAME)
        navigation.add(
            "orders",
            _("Orders"),
            "ecommerce:account_orders",
            _("What you bought, with its invoices and downloads."),
        )
        navigation.add(
            "addresses",
            _("Addresses"),
            "ecommerce:addresses",
            _("Where things are sent, ready at the checkout."),
        )
