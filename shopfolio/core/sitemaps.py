from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.sitemaps import Sitemap
from django.contrib.sitemaps.views import sitemap
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from shopfolio.abstract_models import PageModel, PageQuerySet
from shopfolio.core.models import BlogPost, Policy, Project, Skill
from shopfolio.core.whole_pages import public_page


class SiteSitemap(Sitemap):  # type: ignore[type-arg]
    """Its links stand on SITE_URL, not on the table of sites."""

    protocol = urlsplit(settings.SITE_URL).scheme

    def get_domain(self, site: Any = None) -> str:
        return urlsplit(settings.SITE_URL).netloc


class FixedPages(SiteSitemap):
    def items(self) -> list[str]:
        names = ("home", "resume", "portfolio", "blog", "testimonials", "contact", "newsletter")
        return [f"core:{name}" for name in names]

    def location(self, item: str) -> str:
        return reverse(item)


class PageSitemap(SiteSitemap):
    """The live pages of a model: `PageSitemap.of(Project)`."""

    model: type[PageModel]

    @classmethod
    def of(cls, model: type[PageModel]) -> type["PageSitemap"]:
        return type(f"{model.__name__}Sitemap", (cls,), {"model": model})

    def items(self) -> PageQuerySet:
        return self.model.objects.live().only("slug", "modified")

    def lastmod(self, item: PageModel) -> datetime:
        modified: datetime = item.modified
        return modified


SITEMAPS: dict[str, type[Sitemap[Any]] | Sitemap[Any]] = {
    "core": FixedPages,
    "projects": PageSitemap.of(Project),
    "skills": PageSitemap.of(Skill),
    "posts": PageSitemap.of(BlogPost),
    "policies": PageSitemap.of(Policy),
}
"""Upper apps add theirs in AppConfig.ready()."""


@public_page()
@require_safe
def sitemap_xml(request: HttpRequest) -> HttpResponse:
    return sitemap(request, sitemaps=SITEMAPS)
