from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from shopfolio.core.models import BlogPost, Tag
from shopfolio.core.pages import page_number, shown_to
from shopfolio.core.whole_pages import public_page

A_PAGE = 20


@public_page("page")
@require_safe
def posts(request: HttpRequest, slug: str = "") -> HttpResponse:
    number, tags = page_number(request), list(Tag.objects.in_use())
    tag = next((tag for tag in tags if tag.slug == slug), None)
    if slug and tag is None:
        raise Http404
    found = BlogPost.objects.live().filter(tags=tag) if tag else BlogPost.objects.live()
    start = (number - 1) * A_PAGE
    # One more than the page shows tells whether there is another; counting all would grow with the blog.
    keys = found.values("pk")[start : start + A_PAGE + 1]
    rows = list(BlogPost.objects.filter(pk__in=keys).defer("body").prefetch_related("tags"))
    if not rows and number > 1:
        raise Http404
    context = {"tags": tags, "tag": tag, "posts": rows[:A_PAGE], "number": number, "has_older": rows[A_PAGE:]}
    return render(request, "core/blog.html", context)


@public_page()
@require_safe
def post(request: HttpRequest, slug: str) -> HttpResponse:
    page = get_object_or_404(shown_to(request, BlogPost.objects.prefetch_related("tags")), slug=slug)
    others = BlogPost.objects.live().exclude(pk=page.pk).defer("body")[:3]
    return render(request, "core/post.html", {"page": page, "others": others})
