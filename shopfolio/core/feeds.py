import re
from datetime import datetime
from typing import Any, cast

from django.contrib.syndication.views import Feed
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import format_html
from django.utils.xmlutils import SimplerXMLGenerator

from shopfolio.core.models import BlogPost
from shopfolio.core.services import site
from shopfolio.lib import html
from shopfolio.lib.http import absolute
from shopfolio.pictures import PictureFile


def legible(text: str) -> str:
    """Without the signs that no XML may hold; they come with text from word processors."""
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", text)


class FullTextAtom(Atom1Feed):
    def add_item_elements(self, handler: SimplerXMLGenerator, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        # Links within the text may be relative to the site.
        handler.addQuickElement("content", item["content"], {"type": "html", "xml:base": absolute("/")})


class BlogFeed(Feed[BlogPost, Any]):
    """The newest posts in full. Every address is made from SITE_URL, whatever the Host header says."""

    feed_type = FullTextAtom

    def title(self) -> str:
        return legible(site().profile.name)

    def subtitle(self) -> str:
        return legible(site().profile.role)

    def link(self) -> str:
        return absolute(reverse("core:blog"))

    def feed_url(self) -> str:
        return absolute(reverse("core:feed"))

    def author_name(self) -> str:
        return legible(site().profile.name)

    def items(self) -> QuerySet[BlogPost]:
        return BlogPost.objects.live().prefetch_related("tags")[:20]

    def item_link(self, item: BlogPost) -> str:
        return absolute(item.get_absolute_url())

    def item_title(self, item: BlogPost) -> str:
        return legible(item.title)

    def item_description(self, item: BlogPost) -> str:
        return legible(item.description)

    def item_pubdate(self, item: BlogPost) -> datetime | None:
        return item.activate_date

    def item_updateddate(self, item: BlogPost) -> datetime:
        modified: datetime = item.modified
        return modified

    def item_categories(self, item: BlogPost) -> list[str]:
        return [legible(tag.title) for tag in item.tags.all()]

    def item_extra_kwargs(self, item: BlogPost) -> dict[str, Any]:
        return {"content": legible(with_picture(item, html.sanitise(item.body)))}


def with_picture(post: BlogPost, text: str) -> str:
    """Readers show what stands in the text; they are not sure to know AVIF or WebP."""
    address = cast(PictureFile, post.image).shared_url
    if not address:
        return text
    return format_html('<p><img src="{}" alt="{}"></p>', absolute(address), post.image_alt) + text
