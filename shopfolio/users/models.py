from typing import Any, ClassVar, Self

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models, transaction
from django.db.models.functions import Lower
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shopfolio.abstract_models import BaseModel, ImmutableModel
from shopfolio.lib.mailboxes import folded
from shopfolio.pictures import PictureField
from shopfolio.users.roles import Role

AVATAR_PIXELS = 512 * 512
"""Nobody but its owner sees it, and never large."""


class CustomUserManager(BaseUserManager["CustomUser"]):
    use_in_migrations = True

    def get_by_natural_key(self, username: str | None) -> "CustomUser":
        return self.get(email__iexact=username)

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "CustomUser":
        """email: kept in lower case, for it is the login."""
        if not email:
            raise ValueError("A user needs an e-mail address.")
        user = self.model(email=email, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "CustomUser":
        """Whoever can do this need not show that the address is theirs."""
        user = self.create_user(email, password, **(fields | {"is_staff": True, "is_superuser": True}))
        user.confirm_address()
        return user


class CustomUser(BaseModel, AbstractUser):
    """Somebody who logs in, with an e-mail address."""

    username = None  # type: ignore[assignment]
    email = models.EmailField(_("e-mail address"), unique=True)
    phone = models.CharField(_("phone"), max_length=32, blank=True)
    company = models.CharField(_("company"), max_length=120, blank=True)
    language = models.CharField(_("language"), max_length=12, blank=True)
    avatar = PictureField(_("portrait"), blank=True, most_kept=AVATAR_PIXELS)
    erase_at = models.DateTimeField(
        _("to be erased on"), null=True, blank=True, db_index=True, editable=False
    )

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = CustomUserManager()  # type: ignore[misc,assignment]

    class Meta(BaseModel.Meta):
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ["email"]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="users_email_once_in_any_case",
                violation_error_message=_("There is a user with this e-mail address already."),
            )
        ]

    def __str__(self) -> str:
        return self.email

    def clean(self) -> None:
        super().clean()
        self.email = folded(self.email)

    def save(self, **kwargs: Any) -> None:
        self.email = folded(self.email)
        super().save(**kwargs)

    @transaction.atomic
    def confirm_address(self) -> None:
        """The person has shown that mail to their address reaches them. Safe to call again.

        What allauth remembers of it otherwise, for them or for who had the address before, ends.
        """
        from allauth.account.models import EmailAddress  # needs this model first

        if not EmailAddress.objects.filter(user=self, email=self.email, verified=True, primary=True).exists():
            EmailAddress.objects.filter(models.Q(user=self) | models.Q(email=self.email)).delete()
            EmailAddress.objects.create(user=self, email=self.email, verified=True, primary=True)

    def verified_addresses(self) -> list[str]:
        """Where mail has shown to reach them, in lower case."""
        from allauth.account.models import EmailAddress  # needs this model first

        found = EmailAddress.objects.filter(user=self, verified=True).values_list("email", flat=True)
        return [folded(address) for address in found]

    @classmethod
    def owners(cls) -> models.QuerySet[Self]:
        """Who may everything: by role, or because the server's own command made them."""
        is_owner = models.Q(is_superuser=True) | models.Q(groups__name=Role.OWNER)
        return cls._default_manager.filter(is_owner, is_active=True).distinct()  # type: ignore[return-value]

    @classmethod
    def lock_staff(cls) -> None:
        """So that two who end each other's work at once come one after the other. Needs a transaction."""
        list(cls._default_manager.select_for_update().filter(is_staff=True).order_by("pk").values_list("pk"))

    @property
    def roles_shown(self) -> str:
        names = {group.name for group in self.groups.all()}
        roles = [str(role.label) for role in Role if role in names]
        return ", ".join([*([gettext("Superuser")] if self.is_superuser else []), *roles])

    @property
    def is_last_owner(self) -> bool:
        return [owner.pk for owner in self.owners()[:2]] == [self.pk]


class Tally(BaseModel):
    """How often somebody did something in a time that is not over. See shopfolio/users/limits.py."""

    scope = models.CharField(max_length=60)
    who = models.CharField(max_length=32)
    count = models.PositiveIntegerField(default=0)
    ends_at = models.DateTimeField()

    class Meta(BaseModel.Meta):
        verbose_name = _("tally")
        verbose_name_plural = _("tallies")
        constraints = [models.UniqueConstraint(fields=["scope", "who"], name="users_tally_once")]
        indexes = [models.Index(fields=["ends_at"], name="users_tally_over")]

    def __str__(self) -> str:
        return f"{self.scope}: {self.count}"


class AuditEntry(ImmutableModel):
    """What one of the staff did; see shopfolio/users/audit.py."""

    action = models.CharField(_("what"), max_length=40)
    by = models.ForeignKey(CustomUser, on_delete=models.SET_NULL, null=True, related_name="+")
    who = models.EmailField(_("who"), blank=True)
    role = models.CharField(_("as"), max_length=120, blank=True)
    about = models.CharField(_("about"), max_length=200, blank=True)
    note = models.CharField(_("note"), max_length=500, blank=True)

    class Meta(ImmutableModel.Meta):
        verbose_name = _("entry of the audit log")
        verbose_name_plural = _("audit log")
        ordering = ["-created"]
        default_permissions = ("view",)
        indexes = [models.Index(fields=["-created"], name="users_audit_latest")]

    def __str__(self) -> str:
        return f"{self.created:%Y-%m-%d %H:%M} {self.who} {self.action}"
