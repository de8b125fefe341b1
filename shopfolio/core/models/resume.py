from django.core.validators import RegexValidator
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from shopfolio.abstract_models import BaseModel, PageModel, RichTextField
from shopfolio.core.models.search import Searchable

# A date as exactly as it is known. Text, so that a year alone stays one; it sorts as it reads.
partial_date = RegexValidator(
    r"^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$",
    _("A year, a month or a day: 2019, 2019-03 or 2019-03-31."),
)


class Skill(Searchable):
    class Level(models.TextChoices):
        DAILY = "daily", _("Daily")
        WELL = "well", _("Well")
        ENOUGH = "enough", _("Enough")

    group = models.CharField(_("group"), max_length=60, blank=True)
    level = models.CharField(_("level"), max_length=8, choices=Level, blank=True)
    since = models.PositiveSmallIntegerField(_("since"), null=True, blank=True, help_text=_("A year."))
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta(PageModel.Meta):
        verbose_name = _("skill")
        verbose_name_plural = _("skills")
        ordering = ["position", "title"]

    def get_absolute_url(self) -> str:
        return reverse("core:skill", args=[self.slug])


class Certificate(Searchable):
    """Shown on the résumé, at its own anchor."""

    issuer = models.CharField(_("issuer"), max_length=200)
    issued = models.DateField(_("issued"), null=True, blank=True)
    expires = models.DateField(_("expires"), null=True, blank=True)
    credential_id = models.CharField(_("number"), max_length=120, blank=True)
    url = models.URLField(_("proof"), blank=True)

    class Meta(PageModel.Meta):
        verbose_name = _("certificate")
        verbose_name_plural = _("certificates")
        ordering = ["-issued", "title"]

    def get_absolute_url(self) -> str:
        return f"{reverse('core:resume')}#{self.slug}"

    def also_found_by(self) -> str:
        return self.issuer


class Experience(BaseModel):
    """A line of the résumé: a post, a degree, a voluntary task."""

    class Kind(models.TextChoices):
        WORK = "work", _("Work")
        EDUCATION = "education", _("Education")
        VOLUNTEER = "volunteer", _("Volunteering")

    class Status(models.TextChoices):
        SHOWN = "shown", _("Shown")
        HIDDEN = "hidden", _("Hidden")

    kind = models.CharField(_("kind"), max_length=12, choices=Kind, default=Kind.WORK)
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.SHOWN)
    title = models.CharField(_("post or degree"), max_length=200)
    organisation = models.CharField(_("organisation"), max_length=200, blank=True)
    place = models.CharField(_("place"), max_length=120, blank=True)
    url = models.URLField(_("web address"), blank=True)
    started = models.CharField(_("from"), max_length=10, validators=[partial_date])
    ended = models.CharField(
        _("to"), max_length=10, blank=True, validators=[partial_date], help_text=_("Empty: until now.")
    )
    body = RichTextField(_("text"), blank=True)

    class Meta(BaseModel.Meta):
        verbose_name = _("experience")
        verbose_name_plural = _("experience")
        ordering = ["-started"]

    def __str__(self) -> str:
        return f"{self.title}, {self.organisation}" if self.organisation else self.title
