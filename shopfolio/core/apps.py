from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "shopfolio.core"
