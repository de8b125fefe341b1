from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CoreConfig(AppConfig):
    name = "shopfolio.core"
    verbose_name = _("Site")

    def ready(self) -> None:
        from shopfolio.core import checklist, figures, roles, tasks  # noqa: F401  # they declare themselves
        from shopfolio.core import personal_data as own
        from shopfolio.users import audit, navigation, personal_data

        personal_data.add(own.HOLDER)
        audit.ACTIONS["identity"] = _("Changed who the owner is by law")
        navigation.add(
            "newsletter", _("Newsletter"), "core:account_newsletter", _("Whether it comes to you.")
        )
