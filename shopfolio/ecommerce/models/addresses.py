from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shopfolio.abstract_models import BaseModel


class Address(BaseModel):
    """Where somebody with an account has things sent; orders keep a copy of their own."""

    MOST = 20
    """That one person keeps."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="addresses", verbose_name=_("user")
    )
    name = models.CharField(_("name"), max_length=200)
    company = models.CharField(_("company"), max_length=200, blank=True)
    tax_id = models.CharField(_("tax number"), max_length=40, blank=True)
    address_line1 = models.CharField(_("street and number"), max_length=200)
    address_line2 = models.CharField(_("more of the address"), max_length=200, blank=True)
    postcode = models.CharField(_("postcode"), max_length=20)
    city = models.CharField(_("town"), max_length=120)
    country = models.CharField(_("country"), max_length=2)
    phone = models.CharField(_("phone"), max_length=32, blank=True)
    comes_first = models.BooleanField(_("comes first"), default=False)

    class Meta(BaseModel.Meta):
        verbose_name = _("address")
        verbose_name_plural = _("addresses")
        ordering = ["-comes_first", "created"]
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(comes_first=True), name="ecommerce_address_one_first_per_user"
            )
        ]

    def __str__(self) -> str:
        return ", ".join(filter(None, [self.name, self.address_line1, f"{self.postcode} {self.city}"]))
