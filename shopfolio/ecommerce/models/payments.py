from datetime import timedelta
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shopfolio.abstract_models import BaseModel, SingletonModel
from shopfolio.ecommerce.models.invoices import Invoice
from shopfolio.ecommerce.models.orders import Order


class StripeSessionQuerySet(models.QuerySet["StripeSession"]):
    def wait_for_an_answer(self) -> Self:
        """Which a bank asks back, or asks about, until the shop has said at Stripe why it is in the right."""
        return self.filter(dispute__in=StripeSession.TO_ANSWER)


class StripeSession(BaseModel):
    """One attempt to have an order paid: a Checkout Session, and what is known of the payment.

    amount: what is asked for; once it is paid, what came.
    """

    class Status(models.TextChoices):
        CREATING = "creating", _("Being made")
        OPEN = "open", _("Open")
        PROCESSING = "processing", _("Money on its way")
        PAID = "paid", _("Paid")
        EXPIRED = "expired", _("Expired")
        FAILED = "failed", _("Failed")
        ABANDONED = "abandoned", _("Abandoned")

    TO_ANSWER: ClassVar[set[str]] = {"needs_response", "warning_needs_response"}
    """A dispute, and the question that a bank asks before it begins one."""

    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="sessions", verbose_name=_("order")
    )
    number = models.PositiveSmallIntegerField(_("attempt"), default=1)
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.CREATING)
    amount = models.PositiveBigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    idempotency_key = models.CharField(_("idempotency key"), max_length=120, unique=True)
    request = models.JSONField(_("request"), help_text=_("As it is sent, also when it is sent again."))
    expires_at = models.DateTimeField(_("expires"))
    session_id = models.CharField(_("session"), max_length=255, unique=True, null=True, blank=True)
    url = models.TextField(_("pay page"), blank=True)
    payment_intent = models.CharField(_("payment intent"), max_length=255, blank=True, db_index=True)
    payment_method = models.CharField(_("paid with"), max_length=40, blank=True)
    card_brand = models.CharField(_("card"), max_length=40, blank=True)
    last4 = models.CharField(_("last four digits"), max_length=4, blank=True)
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    is_surplus = models.BooleanField(
        _("paid a second time"), default=False, help_text=_("It goes back, and the order does not count it.")
    )
    dispute = models.CharField(
        _("dispute"), max_length=40, blank=True, help_text=_("What Stripe calls its state.")
    )
    disputed = models.PositiveBigIntegerField(
        _("taken by the bank"),
        default=0,
        help_text=_("While a dispute lasts, or for good if it is lost."),
    )
    disputed_at = models.DateTimeField(_("taken by the bank at"), null=True, blank=True)
    answer_by = models.DateTimeField(_("to be answered by"), null=True, blank=True)
    asked_at = models.DateTimeField(_("last asked Stripe"), null=True, blank=True)
    last_error = models.TextField(_("last error"), blank=True)

    objects = StripeSessionQuerySet.as_manager()

    class Meta(BaseModel.Meta):
        verbose_name = _("Stripe session")
        verbose_name_plural = _("Stripe sessions")
        ordering = ["-created"]
        indexes = [models.Index(fields=["dispute"], name="ecommerce_session_dispute")]
        constraints = [
            models.UniqueConstraint(fields=["order", "number"], name="ecommerce_stripesession_number_once"),
            models.UniqueConstraint(
                fields=["order"],
                condition=Q(status__in=["creating", "open"]),
                name="ecommerce_stripesession_one_open",
            ),
        ]

    def __str__(self) -> str:
        return self.session_id or self.idempotency_key

    @property
    def is_to_be_answered(self) -> bool:
        return self.dispute in self.TO_ANSWER

    @property
    def left_to_refund(self) -> int:
        """What came and neither has gone back nor is about to, nor is with the buyer's bank; minor units."""
        if self.status != self.Status.PAID:
            return 0
        spoken_for = self.refunds.exclude(status=Refund.Status.FAILED).aggregate(total=Sum("amount"))
        return max(0, self.amount - self.disputed - (spoken_for["total"] or 0))


class StripeEvent(BaseModel):
    """What Stripe told us: the reason to ask, never the truth."""

    class Status(models.TextChoices):
        RECEIVED = "received", _("Received")
        HANDLED = "handled", _("Handled")
        IGNORED = "ignored", _("Nothing to do")

    event_id = models.CharField(_("event"), max_length=255, unique=True)
    type = models.CharField(_("type"), max_length=120)
    session_id = models.CharField(_("session"), max_length=255, blank=True)
    payload = models.JSONField(_("payload"))
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.RECEIVED)
    handled_at = models.DateTimeField(_("handled at"), null=True, blank=True)

    class Meta(BaseModel.Meta):
        verbose_name = _("Stripe event")
        verbose_name_plural = _("Stripe events")
        indexes = [
            models.Index(fields=["-created"], condition=Q(status="received"), name="ecommerce_event_unheard")
        ]
        ordering = ["-created"]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"

    @property
    def is_dispute(self) -> bool:
        return self.type.startswith("charge.dispute.")

    @property
    def payment_intent(self) -> str:
        """The payment of which something went back or is asked back, in what Stripe tells of that."""
        if not (self.is_dispute or self.type.startswith(("refund.", "charge.refund"))):
            return ""
        if not self.payload:  # forgotten by now; the nightly comparison has long seen what it was about
            return ""
        return str(self.payload["data"]["object"].get("payment_intent") or "")


class RefundQuerySet(models.QuerySet["Refund"]):
    def undecided(self) -> Self:
        """What Stripe may know more about than we; the last minute's are still on their way."""
        open_still = [Refund.Status.CREATED, Refund.Status.PENDING]
        return self.filter(status__in=open_still, created__lt=timezone.now() - timedelta(minutes=1))

    def need_a_look(self) -> Self:
        """What failed and was not dealt with, and what Stripe could not be asked for within an hour."""
        failed = Q(status=Refund.Status.FAILED, dealt_with_at=None)
        stuck = Q(status=Refund.Status.CREATED, created__lt=timezone.now() - timedelta(hours=1))
        return self.filter(failed | stuck)


class Refund(BaseModel):
    """Money that goes back. The row comes first, then Stripe."""

    class Status(models.TextChoices):
        CREATED = "created", _("To be asked for")
        PENDING = "pending", _("On its way")
        SUCCEEDED = "succeeded", _("Refunded")
        FAILED = "failed", _("Failed")

    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="refunds", verbose_name=_("order")
    )
    session = models.ForeignKey(
        StripeSession, on_delete=models.PROTECT, related_name="refunds", verbose_name=_("payment")
    )
    amount = models.PositiveBigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    reason = models.CharField(_("reason"), max_length=255, blank=True)
    restock = models.BooleanField(_("goods come back"), default=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("by"),
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.CREATED)
    idempotency_key = models.CharField(_("idempotency key"), max_length=120, unique=True)
    refund_id = models.CharField(_("Stripe's id"), max_length=255, unique=True, null=True, blank=True)
    credit_note = models.OneToOneField(
        Invoice,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="refund",
        verbose_name=_("credit note"),
    )
    last_error = models.TextField(_("last error"), blank=True)
    dealt_with_at = models.DateTimeField(_("dealt with"), null=True, blank=True)

    objects = RefundQuerySet.as_manager()

    class Meta(BaseModel.Meta):
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        ordering = ["-created"]
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="ecommerce_refund_amount")]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


class StripeTest(SingletonModel):
    """What came of it when the owner last tested the key: one of gateway.KeyTest."""

    outcome = models.CharField(_("outcome"), max_length=12)
    about = models.CharField(_("key"), max_length=32, help_text=_("A digest: another key was not tested."))

    class Meta(SingletonModel.Meta):
        verbose_name = _("test of the Stripe key")
        verbose_name_plural = _("tests of the Stripe key")

    def __str__(self) -> str:
        return self.outcome
