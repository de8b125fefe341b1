"""Stripe's door: what comes in is checked, kept, and looked at later."""

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from shopfolio.ecommerce.gateway import BadEvent, EventHint, parse_event
from shopfolio.ecommerce.models import StripeEvent
from shopfolio.tasks.outbox import enqueue


@csrf_exempt
@require_POST
def stripe_webhook(request: HttpRequest) -> HttpResponse:
    if not settings.STRIPE_WEBHOOK_SECRET:
        raise Http404
    try:
        hint = parse_event(request.body, request.headers.get("Stripe-Signature", ""))
    except BadEvent:
        return HttpResponseBadRequest("not signed by Stripe", content_type="text/plain")
    keep_event(hint)
    return HttpResponse(status=200)


@transaction.atomic
def keep_event(hint: EventHint) -> None:
    """One row an event, however often it comes, and one job for it."""
    defaults = {"type": hint.type, "session_id": hint.session_id, "payload": hint.payload}
    event, _created = StripeEvent.objects.get_or_create(event_id=hint.id, defaults=defaults)
    enqueue("ecommerce.handle_event", key=hint.id, event_pk=str(event.pk))
