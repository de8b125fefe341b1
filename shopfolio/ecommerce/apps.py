from django.apps import AppConfig


class EcommerceConfig(AppConfig):
    name = "shopfolio.ecommerce"
