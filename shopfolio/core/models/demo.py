from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from shopfolio.abstract_models import BaseModel


class DemoRowQuerySet(models.QuerySet["DemoRow"]):
    def loaded(self) -> Self:
        """Rows that can still be taken away."""
        return self.filter(is_held=False)


class DemoRow(BaseModel):
    """The mark of a row that the demo made: what is as it was then may be taken away again."""

    model = models.CharField(_("model"), max_length=100)  # such as "core.blogpost"
    row = models.UUIDField(_("row"))
    row_modified = models.DateTimeField(_("as of"))
    columns = models.JSONField(_("as it was made"), default=dict)  # of a row that is taken back by columns
    is_held = models.BooleanField(
        _("stays"), default=False, help_text=_("It was to go, but something refers to it.")
    )

    objects = DemoRowQuerySet.as_manager()

    class Meta(BaseModel.Meta):
        verbose_name = _("row of the demo")
        verbose_name_plural = _("rows of the demo")
        constraints = [models.UniqueConstraint(fields=["model", "row"], name="core_demorow_once")]

    def __str__(self) -> str:
        return f"{self.model} {self.row}"
