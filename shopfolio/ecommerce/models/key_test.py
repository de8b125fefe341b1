from django.db import models
from django.utils.translation import gettext_lazy as _

from shopfolio.abstract_models import SingletonModel


class StripeTest(SingletonModel):
    """What came of it when the owner last tested the key: one of gateway.KeyTest."""

    outcome = models.CharField(_("outcome"), max_length=12)
    about = models.CharField(_("key"), max_length=32, help_text=_("A digest: another key was not tested."))

    class Meta(SingletonModel.Meta):
        verbose_name = _("test of the Stripe key")
        verbose_name_plural = _("tests of the Stripe key")

    def __str__(self) -> str:
        return self.outcome
