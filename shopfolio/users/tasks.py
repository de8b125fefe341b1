from django.utils import timezone

from shopfolio.tasks.outbox import job
from shopfolio.users.models import Tally


@job("users.forget_tallies", every=3_600)
def forget_tallies() -> None:
    """What was counted in a time that is over counts no longer."""
    Tally.objects.filter(ends_at__lt=timezone.now()).delete()
