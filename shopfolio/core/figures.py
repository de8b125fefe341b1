"""Messages and subscribers, for the back office's first page."""

from datetime import datetime

from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from shopfolio import figures
from shopfolio.core.models import BlogPost, ContactMessage, Subscriber
from shopfolio.figures import ByDay, Figure, Task, per_day


def messages(since: datetime) -> ByDay:
    wanted = ContactMessage.objects.exclude(status=ContactMessage.Status.SPAM)
    return per_day(wanted, "created", Count("pk"), since)


def subscribers(since: datetime) -> ByDay:
    return per_day(
        Subscriber.objects.filter(status=Subscriber.Status.CONFIRMED), "confirmed_at", Count("pk"), since
    )


figures.register(
    Figure(
        "messages",
        _("Messages"),
        "core.view_contactmessage",
        "admin:core_contactmessage_changelist",
        messages,
    )
)
figures.register(
    Figure(
        "subscribers",
        _("New subscribers"),
        "core.view_subscriber",
        "admin:core_subscriber_changelist",
        subscribers,
    )
)
figures.register_task(
    Task(
        "answer",
        _("%(count)d new message"),
        _("%(count)d new messages"),
        "core.change_contactmessage",
        "admin:core_contactmessage_changelist",
        f"status__exact={ContactMessage.Status.NEW}",
        lambda: ContactMessage.objects.filter(status=ContactMessage.Status.NEW).count(),
    )
)
figures.register_task(
    Task(
        "drafts",
        _("%(count)d draft of a post"),
        _("%(count)d drafts of posts"),
        "core.change_blogpost",
        "admin:core_blogpost_changelist",
        f"status__exact={BlogPost.Status.DRAFT}",
        lambda: BlogPost.objects.filter(status=BlogPost.Status.DRAFT).count(),
    )
)
