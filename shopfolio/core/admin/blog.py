from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from shopfolio.abstract_admin import AuthoredAdmin, PageAdmin, RowAdmin, StateFilter
from shopfolio.core.models import BlogPost, Tag
from shopfolio.users.models import CustomUser


@admin.register(BlogPost)
class BlogPostAdmin(AuthoredAdmin, PageAdmin):
    list_display = ["title", "state", "activate_date", "tags_shown", "on_site"]
    list_filter: ClassVar = [StateFilter, "tags"]
    date_hierarchy = "activate_date"
    readonly_fields = ["minutes_shown"]
    more_fieldsets: ClassVar = [(_("Written by"), {"fields": ["author", "tags", "minutes_shown"]})]
    more_of_picture = ("image_caption",)
    preview_template = "core/post.html"

    def preview_context(self, page: BlogPost, form: Any) -> dict[str, Any]:
        page.count_minutes()
        others = BlogPost.objects.live().exclude(pk=page.pk).defer("body")[:3]
        return {"others": others, **super().preview_context(page, form)}

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        notes = _("For a footnote write [1] in the text, and at its end a paragraph that begins with [1].")
        return super().get_form(request, obj, change, help_texts={"body": notes}, **kwargs)

    @admin.display(description=_("time to read"))
    def minutes_shown(self, post: BlogPost) -> str:
        return ngettext("%(count)d minute", "%(count)d minutes", post.minutes) % {"count": post.minutes}

    def get_queryset(self, request: HttpRequest) -> QuerySet[BlogPost]:
        posts: QuerySet[BlogPost] = super().get_queryset(request)
        is_list = request.resolver_match and request.resolver_match.url_name == "core_blogpost_changelist"
        return posts.prefetch_related("tags").defer("body") if is_list else posts

    @admin.display(description=_("tags"))
    def tags_shown(self, post: BlogPost) -> str:
        return ", ".join(tag.title for tag in post.tags.all())

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """An author is one of the staff: who has an account to buy with is no editor's to see."""
        if db_field.name == "author":
            has_written = Exists(BlogPost.objects.filter(author=OuterRef("pk")))
            kwargs["queryset"] = CustomUser.objects.filter(Q(is_staff=True) | has_written)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(Tag)
class TagAdmin(RowAdmin):
    ordering = ["title"]  # the model's own does not outlive a count
    list_display = ["title", "posts_count"]
    search_fields = ["title"]
    fields = ["title", "slug"]
    prepopulated_fields = {"slug": ["title"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tag]:
        tags: QuerySet[Tag] = super().get_queryset(request)
        return tags.annotate(how_many=Count("posts"))

    def view_on_site(self, tag: Tag) -> str | None:
        return tag.get_absolute_url() if tag.slug else None

    @admin.display(description=_("posts"), ordering="how_many")
    def posts_count(self, tag: Tag) -> int:
        return tag.how_many  # type: ignore[attr-defined, no-any-return]
