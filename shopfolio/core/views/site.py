from datetime import timedelta
from typing import Any

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from shopfolio.core.models import BlogPost, Project, Skill, Testimonial
from shopfolio.core.models.site import HomeSection
from shopfolio.core.services import site
from shopfolio.core.whole_pages import public_page
from shopfolio.lib.colours import shades
from shopfolio.lib.http import absolute, absolute_url

PICTURE_TYPES = {"avif": "image/avif", "webp": "image/webp", "jpg": "image/jpeg"}
"""What is made of pictures; no SVG, which may carry scripts."""

ROBOTS = """\
User-agent: *
Disallow: /admin/
Disallow: /account/
Disallow: /cart/
Disallow: /checkout/
Disallow: /orders/
Disallow: /search/
Sitemap: {sitemap}
"""


@public_page()
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The owner's sections in the owner's order; what is hidden is not asked for either."""
    profile = site().profile
    sections = [name for name in profile.home_sections if name in HomeSection.values]
    context: dict[str, Any] = {
        "sections": [f"core/home/{name}.html" for name in sections],
        "has_hero": "hero" in sections,
        "skills": Skill.objects.live().defer("body")[:24],
        "projects": Project.objects.live().defer("body")[:6],
        "testimonials": Testimonial.objects.live()[:5],
        "posts": BlogPost.objects.live().defer("body")[:3],
    }
    context["is_new"] = not (profile.summary or profile.headline or context["projects"] or context["posts"])
    return render(request, "core/home.html", context)


@require_safe
@cache_control(public=True, max_age=31_536_000, immutable=True)
def look(request: HttpRequest, accent: str) -> HttpResponse:
    """The owner's accent as a stylesheet. It says all in its address, and may be kept for ever."""
    found = shades(f"#{accent}")
    style = (
        f":root{{--accent:{found.accent};--on-accent:{found.on_accent};--accent-text:{found.light};"
        f"--accent-text:light-dark({found.light},{found.dark})}}\n"
    )
    return HttpResponse(style, content_type="text/css; charset=utf-8")


SECURITY_TXT_LIVES = timedelta(days=180)
"""From each moment when it is asked for; a year is the most that RFC 9116 advises."""


@public_page()
@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    """Whom to tell of a weakness, after RFC 9116. A policy at the address "security" says how."""
    profile = site().profile
    lines = [
        f"Contact: {absolute_url('core:contact')}",
        f"Expires: {timezone.now() + SECURITY_TXT_LIVES:%Y-%m-%dT%H:%M:%SZ}",
        f"Canonical: {absolute_url('core:security_txt')}",
        f"Preferred-Languages: {profile.language}",
    ]
    if profile.email:
        lines.insert(0, f"Contact: mailto:{profile.email}")
    if policy := next((each for each in site().policies if each.slug == "security"), None):
        lines.append(f"Policy: {absolute(policy.get_absolute_url())}")
    return HttpResponse("\n".join([*lines, ""]), content_type="text/plain; charset=utf-8")


@require_safe
def picture(request: HttpRequest, path: str) -> FileResponse:
    """What was made of a picture. Its name is never used for another, so that it may be kept for ever."""
    try:
        file = default_storage.open(path)
    except OSError:  # not there, or a name that no file system takes
        raise Http404 from None
    kind = PICTURE_TYPES[path.rpartition(".")[2]]
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return FileResponse(file, content_type=kind, headers=headers)


@public_page()
@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    text = ROBOTS.format(sitemap=absolute_url("core:sitemap"))
    return HttpResponse(text, content_type="text/plain; charset=utf-8")
