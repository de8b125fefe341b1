"""The addresses that somebody keeps in their account: a few, of which one comes first."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from shopfolio.ecommerce.exceptions import TooManyAddresses
from shopfolio.ecommerce.models import Address
from shopfolio.users.models import CustomUser


@transaction.atomic
def keep_address(user: CustomUser, *, fields: dict[str, Any]) -> Address:
    """The address in the account, where it may be already; the first one there comes first.

    Raises a TooManyAddresses when there are Address.MOST.
    """
    CustomUser.objects.select_for_update(no_key=True).get(pk=user.pk)
    theirs = Address.objects.filter(user=user)
    if same := theirs.filter(**fields).first():
        return same
    number = theirs.count()
    if number >= Address.MOST:
        raise TooManyAddresses(
            _("You keep %(most)d addresses already. Take one out first.") % {"most": Address.MOST}
        )
    return Address.objects.create(user=user, comes_first=number == 0, **fields)


@transaction.atomic
def put_first(user: CustomUser, address_id: UUID) -> None:
    CustomUser.objects.select_for_update(no_key=True).get(pk=user.pk)
    Address.objects.filter(user=user, comes_first=True).update(comes_first=False)
    Address.objects.filter(user=user, pk=address_id).update(comes_first=True)


@transaction.atomic
def take_out(user: CustomUser, address_id: UUID) -> None:
    """If it came first, the oldest of the others does from now on."""
    CustomUser.objects.select_for_update(no_key=True).get(pk=user.pk)
    Address.objects.filter(user=user, pk=address_id).delete()
    theirs = Address.objects.filter(user=user)
    if not theirs.filter(comes_first=True).exists() and (oldest := theirs.order_by("created").first()):
        put_first(user, oldest.pk)
