from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from shopfolio.core.models import Policy
from shopfolio.core.pages import shown_to
from shopfolio.core.whole_pages import public_page


@public_page()
@require_safe
def policy(request: HttpRequest, slug: str) -> HttpResponse:
    page = get_object_or_404(shown_to(request, Policy.objects.all()), slug=slug)
    return render(request, "core/policy.html", {"page": page})
