from datetime import datetime, timedelta

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shopfolio.abstract_models import BaseModel, SingletonModel


class JobQuerySet(models.QuerySet["Job"]):
    def waiting(self, now: datetime) -> "JobQuerySet":
        """Due, and nobody is at it."""
        free = models.Q(lease_until=None) | models.Q(lease_until__lt=now)
        return self.filter(free, status=Job.Status.DUE, due_at__lte=now)


class Job(BaseModel):
    """Work that a transaction promised: this row is the truth, the broker only rings a bell."""

    class Status(models.TextChoices):
        DUE = "due", _("Due")
        DONE = "done", _("Done")
        DEAD = "dead", _("Gave up")

    name = models.CharField(_("name"), max_length=100)
    key = models.CharField(_("key"), max_length=200, help_text=_("The same name and key are enqueued once."))
    args = models.JSONField(_("arguments"), default=dict)
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.DUE)
    due_at = models.DateTimeField(_("due"), default=timezone.now)
    rung_at = models.DateTimeField(_("last rung"), default=timezone.now)
    owner = models.CharField(_("worker"), max_length=64, blank=True)
    lease_until = models.DateTimeField(_("worker's time ends"), null=True, blank=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    waits_for = models.CharField(
        _("waits for"), max_length=20, blank=True, help_text=_("What did not answer; no try is counted.")
    )
    last_error = models.TextField(_("last error"), blank=True)
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)
    request_id = models.CharField(
        _("request"), max_length=64, blank=True, help_text=_("Whose lines in the log lead here.")
    )

    objects = JobQuerySet.as_manager()

    class Meta(BaseModel.Meta):
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["-created"]
        constraints = [models.UniqueConstraint(fields=["name", "key"], name="tasks_job_once")]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(status="due"), name="tasks_job_due"),
            models.Index(fields=["-modified"], condition=models.Q(status="dead"), name="tasks_job_dead"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.key}"


class Email(BaseModel):
    """A mail as it goes out, rendered once; kept so that the owner sees what was sent."""

    class Status(models.TextChoices):
        QUEUED = "queued", _("Queued")
        SENDING = "sending", _("Sending")
        SENT = "sent", _("Sent")

    key = models.CharField(_("key"), max_length=200, unique=True, help_text=_("One mail per occasion."))
    to = models.EmailField(_("to"))
    from_name = models.CharField(_("from"), max_length=120, blank=True)
    reply_to = models.EmailField(_("reply to"), blank=True)
    subject = models.CharField(_("subject"), max_length=255)
    text = models.TextField(_("text"))
    html = models.TextField(_("HTML"), blank=True)
    headers = models.JSONField(_("headers"), default=dict, blank=True)
    attachments = models.JSONField(
        _("attachments"),
        default=list,
        blank=True,
        help_text=_("Name and type of each, and its text or its place in the private storage."),
    )
    message_id = models.CharField(_("message id"), max_length=255, unique=True)
    is_secret = models.BooleanField(
        _("secret"),
        default=False,
        help_text=_("It lets somebody in: what it says is forgotten once it has gone out."),
    )
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.QUEUED)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)

    class Meta(BaseModel.Meta):
        verbose_name = _("e-mail")
        verbose_name_plural = _("e-mails")
        ordering = ["-created"]

    def __str__(self) -> str:
        return f"{self.subject} ({self.to})"


class LastSweep(SingletonModel):
    """When a worker last looked for due jobs: the sign that beat, broker and worker are alive."""

    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta(SingletonModel.Meta):
        verbose_name = _("last sweep")
        verbose_name_plural = _("last sweeps")

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S}"

    @classmethod
    def note(cls) -> None:
        """Written every ten seconds at most: sweeps come more often, and a write waits for its turn."""
        now = timezone.now()
        before = cls.objects.filter(pk=cls.ID).values_list("at", flat=True).first()
        if before is None:
            cls.objects.get_or_create(pk=cls.ID, defaults={"at": now})
        elif before <= now - timedelta(seconds=10):
            cls.objects.filter(pk=cls.ID, at=before).update(at=now, modified=now)
