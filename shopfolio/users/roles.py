"""What each role may do in the back office. Roles are groups, and their rights stand in the code.

An app's `roles` module calls `grant` and is imported in AppConfig.ready(); after every migrate the groups are
made to say the same. The owner may everything.
"""

from collections import defaultdict
from typing import Any

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """A role's group has this name."""

    OWNER = "Owner", _("Owner")
    EDITOR = "Editor", _("Editor")
    CLERK = "Shop clerk", _("Shop clerk")


EVERYTHING = ("view", "add", "change", "delete")

GRANTED: dict[Role, set[str]] = defaultdict(set)
"""Permissions such as core.change_blogpost."""


def grant(role: Role, *things: type[models.Model], may: tuple[str, ...] = EVERYTHING) -> None:
    """may: the verbs of Django's permissions, or of a model's own."""
    for thing in things:
        GRANTED[role] |= {f"{thing._meta.app_label}.{verb}_{thing._meta.model_name}" for verb in may}


def write_after_migrate(app_config: Any, using: str, apps: Any = installed, **kwargs: Any) -> None:
    """After the last app, for only then have all permissions been made."""
    with_models = [config for config in installed.get_app_configs() if config.models_module]
    if app_config != with_models[-1]:
        return
    # Django's own receiver does this, but after ours.
    create_permissions(app_config, apps=apps, using=using, verbosity=0)
    try:
        group, permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    except LookupError:
        return  # migrated back to before there were any
    write(group.objects.using(using), permission.objects.using(using))


def write(groups: Any, permissions: Any) -> None:
    """Make the groups say what the code says: three queries, and no more if they do already."""
    keys = {
        f"{app}.{codename}": key
        for key, app, codename in permissions.values_list("pk", "content_type__app_label", "codename")
    }
    found = {
        group.name: group for group in groups.filter(name__in=Role.values).prefetch_related("permissions")
    }
    for role in Role:
        group = found.get(role) or groups.create(name=role)
        names = keys.keys() if role == Role.OWNER else GRANTED[role]
        wanted = {keys[name] for name in names if name in keys}
        if wanted != {permission.pk for permission in group.permissions.all()}:
            group.permissions.set(wanted)
