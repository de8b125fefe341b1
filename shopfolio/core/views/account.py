"""The room of an account that the newsletter brings."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from shopfolio.core import services
from shopfolio.core.models import Subscriber
from shopfolio.lib.http import SeeOther, form_page
from shopfolio.users.navigation import OwnRequest


@form_page
@login_required
def newsletter(request: OwnRequest) -> HttpResponse:
    """Nothing is mailed to confirm it: that the address is theirs they have shown already."""
    email = request.user.email
    subscriber = Subscriber.objects.filter(email__iexact=email).first()
    if request.method != "POST":
        gets_it = subscriber is not None and subscriber.status == Subscriber.Status.CONFIRMED
        return render(request, "account/newsletter.html", {"gets_it": gets_it})
    if request.POST.get("wish") == "leave":
        if subscriber:
            services.unsubscribe(subscriber)
        messages.success(request, _("You no longer get the newsletter."))
    elif email in request.user.verified_addresses():
        services.subscribe_at_once(email)
        messages.success(request, _("You get the newsletter from now on."))
    else:
        messages.error(request, _("Please confirm your address first, under Security."))
    return SeeOther(reverse("core:account_newsletter"))
