from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EcommerceConfig(AppConfig):
    name = "shopfolio.ecommerce"
    verbose_name = _("Shop")

    def ready(self) -> None:
        from shopfolio.core.sitemaps import SITEMAPS, PageSitemap
        from shopfolio.ecommerce import tasks  # noqa: F401  # declares the jobs
        from shopfolio.ecommerce.models import Product

        SITEMAPS["products"] = PageSitemap.of(Product)
