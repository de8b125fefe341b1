import hashlib
import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shopfolio.abstract_models import BaseModel
from shopfolio.core.models.pictures import Pictured
from shopfolio.lib.tokens import derived, is_derived
from shopfolio.pictures import PictureField, made_of_it, point

LEAVING = "shopfolio.newsletter-leave"


class ContactMessage(BaseModel):
    class Status(models.TextChoices):
        NEW = "new", _("New")
        READ = "read", _("Read")
        ANSWERED = "answered", _("Answered")
        SPAM = "spam", _("Spam")

    name = models.CharField(_("name"), max_length=120)
    email = models.EmailField(_("e-mail"))
    message = models.TextField(_("message"), max_length=10_000)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.NEW)

    class Meta(BaseModel.Meta):
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["-created"]

    def __str__(self) -> str:
        return self.name


class ContactReply(BaseModel):
    """What was answered to a message; forgotten together with it."""

    message = models.ForeignKey(
        ContactMessage, on_delete=models.CASCADE, related_name="replies", verbose_name=_("message")
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("by"),
    )
    text = models.TextField(_("reply"), max_length=10_000)
    email = models.ForeignKey(
        "tasks.Email",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("e-mail"),
        help_text=_("Tells whether it went out; forgotten after two years."),
    )

    class Meta(BaseModel.Meta):
        verbose_name = _("reply")
        verbose_name_plural = _("replies")
        ordering = ["created"]

    def __str__(self) -> str:
        return str(_("Reply to %(name)s") % {"name": self.message.name})


class TestimonialQuerySet(models.QuerySet["Testimonial"]):
    def live(self) -> "TestimonialQuerySet":
        return self.filter(status=Testimonial.Status.PUBLISHED, published_at__lte=timezone.now())


class Testimonial(BaseModel, Pictured):
    """What a client says; no page of its own, so no slug."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Published")

    __test__ = False  # pytest: not a test class

    name = models.CharField(_("client's name"), max_length=120)
    role = models.CharField(_("role"), max_length=120, blank=True)
    company = models.CharField(_("company"), max_length=120, blank=True)
    feedback = models.TextField(_("feedback"), max_length=2_000)
    image = PictureField(_("portrait"), blank=True)
    image_made = made_of_it()
    image_x = point(_("from the left"))
    image_y = point(_("from the top"))
    project = models.ForeignKey(
        "core.Project",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="testimonials",
        verbose_name=_("about"),
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.DRAFT)
    published_at = models.DateTimeField(_("published"), default=timezone.now)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    objects = TestimonialQuerySet.as_manager()

    class Meta(BaseModel.Meta):
        verbose_name = _("testimonial")
        verbose_name_plural = _("testimonials")
        ordering = ["position", "-published_at", "-created"]
        indexes = [
            models.Index(
                fields=["status", "position", "-published_at", "-created", "id"],
                name="core_testimonial_list",
            )
        ]

    def __str__(self) -> str:
        return self.name


class SubscriberQuerySet(models.QuerySet["Subscriber"]):
    def by_mailed_token(self, token: str) -> "SubscriberQuerySet":
        return self.filter(token_hash=Subscriber.hash_of(token))

    def by_leaving_token(self, token: str) -> "Subscriber | None":
        key, _dot, secret = token.partition(".")
        try:
            subscriber = self.filter(pk=uuid.UUID(key)).first()
        except ValueError:
            return None
        return subscriber if subscriber and is_derived(secret, LEAVING, key) else None


class Subscriber(BaseModel):
    """Somebody who asked for the newsletter; gets it only once confirmed."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Not confirmed yet")
        CONFIRMED = "confirmed", _("Subscribed")
        LEFT = "left", _("Unsubscribed")

    email = models.EmailField(_("e-mail"))
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PENDING)
    token_hash = models.CharField(
        max_length=64, blank=True, editable=False, help_text=_("SHA-256 of the mailed token.")
    )
    token_made_at = models.DateTimeField(null=True, editable=False)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    left_at = models.DateTimeField(_("left"), null=True, blank=True)

    objects = SubscriberQuerySet.as_manager()

    class Meta(BaseModel.Meta):
        verbose_name = _("subscriber")
        verbose_name_plural = _("subscribers")
        ordering = ["-created"]
        constraints = [models.UniqueConstraint(Lower("email"), name="core_subscriber_email_once")]

    def __str__(self) -> str:
        return self.email

    @staticmethod
    def hash_of(token: str) -> str:
        return hashlib.sha256(token.encode()).hexdigest()

    @property
    def leaving_token(self) -> str:
        """For the link at the foot of every letter."""
        return f"{self.pk}.{derived(LEAVING, str(self.pk))}"
