from typing import Any, ClassVar, Self

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from shopfolio.abstract_models import BaseModel, PictureField, picture_path


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
        return self.create_user(email, password, **(fields | {"is_staff": True, "is_superuser": True}))


class CustomUser(BaseModel, AbstractUser):
    """Somebody who logs in, with an e-mail address."""

    username = None  # type: ignore[assignment]
    email = models.EmailField(_("e-mail address"), unique=True)
    phone = models.CharField(_("phone"), max_length=32, blank=True)
    company = models.CharField(_("company"), max_length=120, blank=True)
    language = models.CharField(_("language"), max_length=12, blank=True)
    avatar = PictureField(_("portrait"), upload_to=picture_path, blank=True)

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
        self.email = self.email.lower()

    def save(self, **kwargs: Any) -> None:
        self.email = self.email.lower()
        super().save(**kwargs)

    @classmethod
    def owners(cls) -> models.QuerySet[Self]:
        return cls._default_manager.filter(is_active=True, is_superuser=True)  # type: ignore[return-value]


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
