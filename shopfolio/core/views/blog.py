from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from shopfolio.core.models import BlogPost, Tag
from shopfolio.core.pages import list_page, shown_to
from shopfolio.core.whole_pages import public_page

A_PAGE = 20


@public_page("page")
@require_safe
def posts(request: HttpRequest, slug: str = "") -> HttpResponse:
    tags = list(Tag.objects.in_use())
    tag = next((tag for tag in tags if tag.slug == slug), None)
    if slug and tag is None:
        raise Http404
    found = BlogPost.objects.live().filter(tags=tag) if tag else BlogPost.objects.live()
    shown = BlogPost.objects.defer("body").prefetch_related("tags")
    paging = list_page(request, found, shown=shown, size=A_PAGE)
    context = {"tags": tags, "tag": tag, "posts": paging.rows, "number": paging.number, "paging": paging}
    return render(request, "core/blog.html", context)


@public_page()
@require_safe
def post(request: HttpRequest, slug: str) -> HttpResponse:
    page = get_object_or_404(shown_to(request, BlogPost.objects.prefetch_related("tags")), slug=slug)
    others = BlogPost.objects.live().exclude(pk=page.pk).defer("body")[:3]
    return render(request, "core/post.html", {"page": page, "others": others})
