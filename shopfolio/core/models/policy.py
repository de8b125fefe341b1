from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from shopfolio.abstract_models import PageModel
from shopfolio.core.models.search import Searchable


class Policy(Searchable):
    """Privacy, terms and the like; linked at the foot of every page."""

    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta(PageModel.Meta):
        verbose_name = _("policy")
        verbose_name_plural = _("policies")
        ordering = ["position", "title"]

    def get_absolute_url(self) -> str:
        return reverse("core:policy", args=[self.slug])
