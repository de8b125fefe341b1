from django.db import models
from django.utils.translation import gettext_lazy as _

from shopfolio.abstract_models import BaseModel


class CspReport(BaseModel):
    """What browsers refused to load or run on a kind of page, and how often; nothing about who looked."""

    MOST = 500
    """Rows: who invents reports does not fill the disk."""

    directive = models.CharField(_("rule"), max_length=40)
    blocked = models.CharField(
        _("refused"), max_length=200, help_text=_("The site that it came from, or what kind of code it was.")
    )
    page = models.CharField(
        _("page"), max_length=200, help_text=_("The pattern of its address, for addresses may hold a key.")
    )
    count = models.PositiveIntegerField(_("times"), default=1)

    class Meta(BaseModel.Meta):
        verbose_name = _("refusal by browsers")
        verbose_name_plural = _("refusals by browsers")
        ordering = ["-modified"]
        constraints = [
            models.UniqueConstraint(fields=["directive", "blocked", "page"], name="core_csp_report_once")
        ]

    def __str__(self) -> str:
        return f"{self.directive}: {self.blocked}"
