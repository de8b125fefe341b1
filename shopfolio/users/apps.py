from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class UsersConfig(AppConfig):
    name = "shopfolio.users"
    verbose_name = _("People")

    def ready(self) -> None:
        from shopfolio.users import audit, navigation, roles

        navigation.add(
            "profile",
            _("Profile"),
            "account_profile",
            _("Your name and picture, and how to reach you."),
        )
        navigation.add(
            "security",
            _("Security"),
            "account_security",
            _("Password, e-mail, second factor, passkeys, and where you are logged in."),
        )
        audit.listen()
        post_migrate.connect(roles.write_after_migrate, dispatch_uid="shopfolio.users.roles")
