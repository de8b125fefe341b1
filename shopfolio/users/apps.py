from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class UsersConfig(AppConfig):
    name = "shopfolio.users"
    verbose_name = _("People")

    def ready(self) -> None:
        from shopfolio.users import audit, checklist, navigation, personal_data, roles  # noqa: F401

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
        navigation.add(
            "data", _("Your data"), "account_data", _("Take everything with you, or have it erased.")
        )
        personal_data.add(
            personal_data.Holder(personal_data.own_files, personal_data.erase_own, personal_data.staff_stay)
        )
        audit.listen()
        post_migrate.connect(roles.write_after_migrate, dispatch_uid="shopfolio.users.roles")
