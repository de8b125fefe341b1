from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from shopfolio.core.models import Project
from shopfolio.core.pages import list_page, shown_to
from shopfolio.core.whole_pages import public_page

A_PAGE = 24


@public_page("page")
@require_safe
def portfolio(request: HttpRequest) -> HttpResponse:
    paging = list_page(request, Project.objects.live(), shown=Project.objects.defer("body"), size=A_PAGE)
    return render(request, "core/portfolio.html", {"projects": paging.rows, "paging": paging})


@public_page()
@require_safe
def project(request: HttpRequest, slug: str) -> HttpResponse:
    projects = Project.objects.with_next().prefetch_related("pictures")
    return render(
        request, "core/project.html", {"page": get_object_or_404(shown_to(request, projects), slug=slug)}
    )
