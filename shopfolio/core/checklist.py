"""What the site needs of its owner before others see it."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shopfolio import checklist
from shopfolio.abstract_admin import STEPS
from shopfolio.attention import Link
from shopfolio.checklist import State, Step
from shopfolio.core.demo.marks import own, own_columns
from shopfolio.core.models import BlogPost, Policy, Profile
from shopfolio.core.services import site

POLICIES = ("privacy", "terms")
"""Addresses of the policies that no shop can do without."""


def field_of_profile(name: str, text: str) -> Link:
    return Link(text, f"{reverse('admin:core_profile_changelist')}?{STEPS}#id_{name}")


def missing_of_profile(*names: str) -> list[str]:
    """The labels of the columns that nobody has filled in, or the demo has."""
    missing = set(names) - own_columns()
    return [str(Profile._meta.get_field(name).verbose_name) for name in names if name in missing]  # type: ignore[union-attr]


def look_at_money(user: Any) -> State:
    profile = site().profile
    if missing_of_profile("country"):
        return State(is_done=False, words=_("The country is missing."))
    words = _("%(country)s, prices in %(currency)s.")
    return State(is_done=True, words=words % {"country": profile.country, "currency": profile.currency})


def look_at_policies(user: Any) -> State:
    there = set(own(Policy.objects.live()).filter(slug__in=POLICIES).values_list("slug", flat=True))
    missing = [slug for slug in POLICIES if slug not in there]
    if missing:
        return State(is_done=False, words=_("Missing: %(what)s.") % {"what": ", ".join(missing)})
    return State(is_done=True)


def look_at_posts(user: Any) -> State:
    return State(is_done=own(BlogPost.objects.live()).exists())


checklist.register(
    Step(
        kind="money",
        position=20,
        heading=gettext_lazy("Country and currency"),
        why=gettext_lazy("Prices and taxes follow from them, and after the first invoice they should stay."),
        look=look_at_money,
        link=lambda: field_of_profile("country", _("Choose")),
    )
)
checklist.register(
    Step(
        kind="policies",
        position=40,
        heading=gettext_lazy("Privacy and terms"),
        why=gettext_lazy("Buyers accept your terms and want to know what you keep about them."),
        look=look_at_policies,
        link=lambda: Link(_("Write one"), f"{reverse('admin:core_policy_add')}?{STEPS}"),
    )
)
checklist.register(
    Step(
        kind="post",
        position=90,
        heading=gettext_lazy("A first post"),
        why=gettext_lazy("A few lines on what you are at tell visitors that somebody is there."),
        look=look_at_posts,
        link=lambda: Link(_("Write it"), f"{reverse('admin:core_blogpost_add')}?{STEPS}"),
        is_optional=True,
    )
)
