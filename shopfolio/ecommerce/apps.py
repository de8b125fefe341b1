from django.apps import AppConfig


class EcommerceConfig(AppConfig):
    name = "shopfolio.ecommerce"

    def ready(self) -> None:
        from shopfolio.core.sitemaps import SITEMAPS, PageSitemap
        from shopfolio.ecommerce import tasks  # noqa: F401  # declares the jobs
        from shopfolio.ecommerce.models import Product

        SITEMAPS["products"] = PageSitemap.of(Product)
