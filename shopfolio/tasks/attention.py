"""Jobs that were given up, and mails that do not go out."""

from dataclasses import replace
from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shopfolio import attention
from shopfolio.attention import Case, Check, Link, last_line, only_keys
from shopfolio.tasks.models import Email, Job
from shopfolio.tasks.outbox import HANDLERS

MAIL = "tasks.send_email"
MAIL_WAITS = timedelta(hours=1)


def emails(keys: list[str]) -> dict[str, Link]:
    found = Email.objects.filter(pk__in=only_keys(keys)).only("subject", "to")
    return {str(email.pk): Link.to(email, f"{email.subject} → {email.to}") for email in found}


attention.SUBJECTS["email_id"] = emails


def subjects_of(jobs: list[Job]) -> dict[str, list[Link]]:
    """What each job is about; a query for each kind of thing."""
    found: dict[str, list[Link]] = {str(job.pk): [] for job in jobs}
    for argument, find in attention.SUBJECTS.items():
        keys = {str(job.pk): str(job.args[argument]) for job in jobs if argument in job.args}
        links = find(list(keys.values())) if keys else {}
        for job, key in keys.items():
            found[job] += [links[key]] if key in links else []
    return found


def in_words(name: str) -> str:
    """What a job does; its name, where it is of another release."""
    return str(HANDLERS[name].label) if name in HANDLERS else name


def dead_jobs() -> QuerySet[Job]:
    return Job.objects.filter(status=Job.Status.DEAD).exclude(name=MAIL).order_by("-modified")


def cases_of_jobs(jobs: list[Job]) -> list[Case]:
    subjects = subjects_of(jobs)
    return [
        Case(
            what=in_words(job.name),
            since=job.modified,
            why=last_line(job.last_error),
            links=[*subjects[str(job.pk)], Link.to(job, gettext("The job"))],
            buttons=[Link.to_do(job, "run_again", _("Run again"))],
        )
        for job in jobs
    ]


def lost_mails() -> QuerySet[Job]:
    return Job.objects.filter(status=Job.Status.DEAD, name=MAIL).order_by("-modified")


def cases_of_mails(jobs: list[Job]) -> list[Case]:
    subjects = subjects_of(jobs)
    return [
        Case(
            what=subjects[str(job.pk)][0].text if subjects[str(job.pk)] else in_words(MAIL),
            since=job.modified if job.status == Job.Status.DEAD else job.created,
            why=last_line(job.last_error),
            links=[replace(link, text=gettext("The mail")) for link in subjects[str(job.pk)]],
            buttons=[
                Link.to_do(job, "run_again", _("Send again"))
                if job.status == Job.Status.DEAD
                else Link.to_do(job, "try_now", _("Try now"))
            ],
        )
        for job in jobs
    ]


def late_mails() -> QuerySet[Job]:
    late = timezone.now() - MAIL_WAITS
    return Job.objects.filter(status=Job.Status.DUE, name=MAIL, created__lt=late).order_by("created")


attention.register(
    Check(
        kind="jobs",
        heading=_("Work that was given up"),
        advice=_(
            "It was tried until trying made no sense. Put right what it says, then run it again. "
            "Nothing is lost meanwhile."
        ),
        permission="tasks.change_job",
        waiting=dead_jobs,
        cases=cases_of_jobs,
    )
)
attention.register(
    Check(
        kind="mails",
        heading=_("Mails that could not be sent"),
        advice=_(
            "The mail server refused them. Is the address right? If not, write to the person another way."
        ),
        permission="tasks.change_job",
        waiting=lost_mails,
        cases=cases_of_mails,
    )
)
attention.register(
    Check(
        kind="late-mails",
        heading=_("Mails that are late"),
        advice=_(
            "They are tried again by themselves. If there are many, the mail server may be away "
            "or its password wrong."
        ),
        permission="tasks.change_job",
        waiting=late_mails,
        cases=cases_of_mails,
    )
)
