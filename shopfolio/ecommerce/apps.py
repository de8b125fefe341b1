from django.apps import AppConfig


class EcommerceConfig(AppConfig):
    name = "shopfolio.ecommerce"

    def ready(self) -> None:
        from shopfolio.ecommerce import tasks  # noqa: F401  # declares the jobs
