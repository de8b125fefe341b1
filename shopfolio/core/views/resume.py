from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from shopfolio.core.models import Certificate, Experience, Project, Skill
from shopfolio.core.pages import shown_to
from shopfolio.core.whole_pages import public_page

EVIDENCE = 24
"""Case studies that a skill's page shows."""


@public_page()
@require_safe
def resume(request: HttpRequest) -> HttpResponse:
    shown = Experience.objects.filter(status=Experience.Status.SHOWN)
    context = {
        "experience": sorted(shown, key=lambda entry: Experience.Kind.values.index(entry.kind)),
        "skills": Skill.objects.live().defer("body"),
        "certificates": Certificate.objects.live().defer("body"),
        "projects": Project.objects.live().defer("body")[:4],
    }
    return render(request, "core/resume.html", context)


@public_page()
@require_safe
def skill(request: HttpRequest, slug: str) -> HttpResponse:
    proof = Prefetch("projects", Project.objects.live().defer("body")[:EVIDENCE], to_attr="proof")
    page = get_object_or_404(shown_to(request, Skill.objects.prefetch_related(proof)), slug=slug)
    return render(request, "core/skill.html", {"page": page})
