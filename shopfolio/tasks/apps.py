from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class TasksConfig(AppConfig):
    name = "shopfolio.tasks"

    def ready(self) -> None:
        """Every process knows every job: the apps' `tasks` modules declare them."""
        from shopfolio.tasks import emails  # noqa: F401

        autodiscover_modules("tasks")
