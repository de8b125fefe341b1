"""The sitemap: an index of parts, each with a thousand addresses at most, however many pages there are."""

from dataclasses import dataclass
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from shopfolio.abstract_models import PageModel
from shopfolio.core.models import BlogPost, Policy, Project, Skill
from shopfolio.core.whole_pages import public_page
from shopfolio.lib.http import absolute, absolute_url

A_PART = 1_000

FIXED = [f"core:{name}" for name in (
    "home", "resume", "portfolio", "blog", "testimonials", "contact", "newsletter",
)]  # fmt: skip
MODELS: dict[str, type[PageModel]] = {
    "projects": Project,
    "skills": Skill,
    "posts": BlogPost,
    "policies": Policy,
}
"""Upper apps add theirs to both in AppConfig.ready()."""


@dataclass(frozen=True)
class Entry:
    address: str
    modified: datetime | None = None


@public_page()
@require_safe
def sitemap_index(request: HttpRequest) -> HttpResponse:
    parts = [("site", 1), *((kind, number) for kind in MODELS for number in parts_of(MODELS[kind]))]
    found = [absolute_url("core:sitemap_part", kind=kind, number=number) for kind, number in parts]
    return render(request, "sitemap_index.xml", {"parts": found}, content_type="application/xml")


@public_page()
@require_safe
def sitemap_part(request: HttpRequest, kind: str, number: int) -> HttpResponse:
    if kind == "site" and number == 1:
        entries = [Entry(absolute(reverse(fixed))) for fixed in FIXED]
    elif kind in MODELS and number in parts_of(MODELS[kind]):
        entries = entries_of(MODELS[kind], number)
    else:
        raise Http404
    return render(request, "sitemap.xml", {"entries": entries}, content_type="application/xml")


def parts_of(model: type[PageModel]) -> range:
    """The numbers of the parts that hold a model's pages."""
    rows = model.objects.count() if model.objects.live().exists() else 0
    return range(1, -(-rows // A_PART) + 1)


def entries_of(model: type[PageModel], number: int) -> list[Entry]:
    """The live ones among a thousand pages: parts are cut by key, so that cutting reads nothing else."""
    keys = model.objects.order_by("pk").values("pk")[(number - 1) * A_PART : number * A_PART]
    pages = model.objects.live().filter(pk__in=keys).only("slug", "modified").order_by("pk")
    return [Entry(absolute(page.get_absolute_url()), page.modified) for page in pages]
