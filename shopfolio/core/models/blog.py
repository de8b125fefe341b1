from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from shopfolio.abstract_models import BaseModel, PageModel, PageSlugField, list_index
from shopfolio.core.models.search import Searchable
from shopfolio.lib import html

WORDS_A_MINUTE = 220


class TagQuerySet(models.QuerySet["Tag"]):
    def in_use(self) -> "TagQuerySet":
        """Tags that lead to a live post."""
        # From each tag to the first such post; a join would have the database walk through all of them.
        is_live = models.Exists(BlogPost.objects.live().filter(pk=models.OuterRef("blogpost")))
        tagged = BlogPost.tags.through.objects.filter(is_live, tag=models.OuterRef("pk"))
        return self.alias(use=models.Subquery(tagged.values("pk")[:1])).filter(use__isnull=False)


class Tag(BaseModel):
    title = models.CharField(_("name"), max_length=60, unique=True)
    slug = PageSlugField(_("address"))

    objects = TagQuerySet.as_manager()

    class Meta(BaseModel.Meta):
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title

    def slugify_function(self, content: str) -> str:
        return PageModel.slugify_function(self, content)  # type: ignore[arg-type]

    def get_absolute_url(self) -> str:
        return reverse("core:blog_tag", args=[self.slug])


class BlogPost(Searchable):
    SHOWS_DATE = True

    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="posts",
        verbose_name=_("author"),
    )
    tags = models.ManyToManyField(Tag, related_name="posts", blank=True, verbose_name=_("tags"))
    image_caption = models.CharField(
        _("caption"), max_length=255, blank=True, help_text=_("Under the picture: what it is, when, whose.")
    )
    minutes = models.PositiveSmallIntegerField(_("minutes to read"), default=1, editable=False)

    class Meta(PageModel.Meta):
        verbose_name = _("post")
        verbose_name_plural = _("posts")
        indexes = [
            *PageModel.Meta.indexes,
            list_index("-activate_date", "-created", name="core_blogpost_deep"),
        ]

    def get_absolute_url(self) -> str:
        return reverse("core:post", args=[self.slug])

    def count_minutes(self) -> None:
        self.minutes = max(1, round(len(html.plain(self.body).split()) / WORDS_A_MINUTE))

    def save(self, **kwargs: object) -> None:
        self.count_minutes()
        fields = kwargs.get("update_fields")
        if fields is not None and "body" in fields:  # type: ignore[operator]
            kwargs["update_fields"] = {*fields, "minutes"}  # type: ignore[misc]
        super().save(**kwargs)
