from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from shopfolio.core import services
from shopfolio.core.forms import ContactForm, NewsletterForm
from shopfolio.core.models import ContactMessage, Subscriber, Testimonial
from shopfolio.core.pages import list_page
from shopfolio.core.views.status_pages import too_many
from shopfolio.core.whole_pages import public_page
from shopfolio.lib.http import SeeOther, absolute_url, form_page
from shopfolio.users.limits import HOUR, MINUTE, Limits, TooMany

A_PAGE = 24

CONTACT = Limits("contact", per_network={MINUTE: 5, HOUR: 30}, per_region={HOUR: 100}, for_all={HOUR: 200})
NEWSLETTER = Limits(
    "newsletter", per_network={MINUTE: 5, HOUR: 30}, per_region={HOUR: 100}, for_all={HOUR: 200}
)


@public_page("page")
@require_safe
def testimonials(request: HttpRequest) -> HttpResponse:
    about = Testimonial.objects.select_related("project").defer("project__body")
    paging = list_page(request, Testimonial.objects.live(), shown=about, size=A_PAGE)
    return render(request, "core/testimonials.html", {"testimonials": paging.rows, "paging": paging})


@public_page()
@form_page
def contact(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return render(request, "core/contact.html", {"form": ContactForm()})
    form = ContactForm(request.POST)
    if not form.is_valid():
        return render(request, "core/contact.html", {"form": form}, status=422)
    try:
        CONTACT.count(request)
    except TooMany as refusal:
        return too_many(request, refusal, "core/contact.html", {"form": form})
    message = form.save(commit=False)
    message.status = ContactMessage.Status.SPAM if form.is_spam else ContactMessage.Status.NEW
    services.receive_message(message)
    return SeeOther(absolute_url("core:contact_sent"))


@public_page()
@require_safe
def contact_sent(request: HttpRequest) -> HttpResponse:
    return render(request, "core/contact_sent.html")


@public_page()
@form_page
def newsletter(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return render(request, "core/newsletter.html", {"form": NewsletterForm()})
    form = NewsletterForm(request.POST)
    if not form.is_valid():
        return render(request, "core/newsletter.html", {"form": form}, status=422)
    try:
        NEWSLETTER.count(request)
    except TooMany as refusal:
        return too_many(request, refusal, "core/newsletter.html", {"form": form})
    services.ask_for_newsletter(form.cleaned_data["email"])
    return SeeOther(absolute_url("core:newsletter_sent"))


@public_page()
@require_safe
def newsletter_sent(request: HttpRequest) -> HttpResponse:
    return render(request, "core/newsletter_sent.html")


@form_page
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    if request.method == "POST":
        confirmed = services.confirm_subscription(token)
        return render(
            request, "core/newsletter_confirm.html", {"done": confirmed}, status=200 if confirmed else 404
        )
    waiting = services.awaits_confirmation(token)
    return render(
        request, "core/newsletter_confirm.html", {"waiting": waiting}, status=200 if waiting else 404
    )


@csrf_exempt  # mail programs post here with one click, from nowhere; the token says who
@form_page
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    subscriber = Subscriber.objects.by_leaving_token(token)
    if subscriber is None:
        raise Http404
    if request.method == "POST":
        services.unsubscribe(subscriber)
    return render(
        request, "core/newsletter_leave.html", {"done": request.method == "POST", "email": subscriber.email}
    )
