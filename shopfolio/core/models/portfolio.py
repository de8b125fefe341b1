from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from shopfolio.abstract_models import ListField, PageModel, PictureModel, list_index
from shopfolio.core.models.pictures import Pictured
from shopfolio.core.models.search import Searchable, SearchableQuerySet
from shopfolio.lib.lists import row_of


class ProjectQuerySet(SearchableQuerySet):
    def with_next(self) -> "ProjectQuerySet":
        """With the title and slug of the live case study that follows in the list."""
        position, date = models.OuterRef("position"), models.OuterRef("activate_date")
        after = models.Q(position__gt=position) | models.Q(position=position, activate_date__lt=date)
        following = Project.objects.live().filter(after, position__gte=position)
        return self.annotate(  # type: ignore[no-any-return]
            next_title=models.Subquery(following.values("title")[:1]),
            next_slug=models.Subquery(following.values("slug")[:1]),
        )


class Project(Searchable):
    """A case study: what was asked, what was made, what came of it."""

    client = models.CharField(_("client"), max_length=200, blank=True)
    role = models.CharField(_("your part"), max_length=200, blank=True)
    partners = models.CharField(_("with"), max_length=255, blank=True)
    period = models.CharField(_("when"), max_length=120, blank=True)
    year = models.PositiveSmallIntegerField(_("year"), null=True, blank=True)
    outcome = models.CharField(_("outcome in a line"), max_length=200, blank=True)
    figures = ListField(
        _("outcome in figures"),
        item=row_of("value", "unit", "label"),
        help_text=_("Such as 38, m, of wall."),
    )
    url = models.URLField(_("web address"), blank=True)
    skills = models.ManyToManyField(
        "core.Skill", related_name="projects", blank=True, verbose_name=_("skills")
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    objects = ProjectQuerySet.as_manager()  # type: ignore[misc]

    class Meta(PageModel.Meta):
        verbose_name = _("case study")
        verbose_name_plural = _("case studies")
        ordering = ["position", "-activate_date", "-created"]
        # Not PageModel's: SQLite would take that one and sort.
        indexes = [list_index("position", "-activate_date", "-created", name="core_project_list")]

    def get_absolute_url(self) -> str:
        return reverse("core:project", args=[self.slug])

    def also_found_by(self) -> str:
        return " ".join([self.client, self.role, self.partners, self.period, self.outcome])


class ProjectPicture(PictureModel, Pictured):
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="pictures")
    title = models.CharField(_("title"), max_length=120, blank=True)

    def __str__(self) -> str:
        return self.title or super().__str__()
