from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shopfolio.lib.db import delete_in_batches
from shopfolio.pictures import private_storage
from shopfolio.tasks.outbox import enqueue, job
from shopfolio.users import audit, personal_data
from shopfolio.users.models import CustomUser, Tally


@job("users.forget_tallies", _("Tidy up the counters against spam"), every=3_600)
def forget_tallies() -> None:
    """What was counted in a time that is over counts no longer."""
    Tally.objects.filter(ends_at__lt=timezone.now()).delete()


@job("users.forget_sessions", _("Forget from where somebody was logged in"), external=True, every=86_400)
def forget_sessions() -> None:
    """Every night: from where somebody was logged in, once they no longer are."""
    going_on = Session.objects.filter(expire_date__gt=timezone.now()).values("session_key")
    delete_in_batches(UserSession.objects.exclude(session_key__in=going_on))


@job("users.delete_picture", _("Delete a picture that somebody replaced"), external=True)
def delete_picture(*, path: str) -> None:
    """One that somebody has replaced or taken away. Safe to run again."""
    private_storage().delete(path)


@job("users.erase_due", _("Look who is to be erased"), every=3_600)
def erase_due() -> None:
    """Whose days of grace are over. Who is still waiting for something is looked at again tomorrow."""
    now = timezone.now()
    for pk in CustomUser.objects.filter(erase_at__lte=now).values_list("pk", flat=True):
        enqueue("users.erase", key=f"{pk}-{now.date()}", person_id=str(pk))


@job("users.erase", _("Erase what the site knows of somebody who wished it"))
def erase(*, person_id: str) -> None:
    personal_data.erase(person_id)


@job("users.note_refused_login", _("Look whether somebody of yours was refused a login"))
def note_refused_login(*, who: str) -> None:
    audit.note_refused_login(who)
