from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class TasksConfig(AppConfig):
    name = "shopfolio.tasks"
    verbose_name = _("Machine room")

    def ready(self) -> None:
        """Every process knows every job: the apps' `tasks` modules declare them."""
        from shopfolio.tasks import attention, checklist, emails  # noqa: F401

        autodiscover_modules("tasks")
