"""Every component of the design, living: for whoever builds the next page. Only where DEBUG is on."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from shopfolio.core.models import BlogPost, Project, Skill, Testimonial
from shopfolio.ecommerce.models import Product
from shopfolio.ecommerce.templatetags.shop import StockLabel


class SampleForm(forms.Form):
    name = forms.CharField(label="With a hint", help_text="A hint sits above its field.", required=False)
    email = forms.EmailField(label="With an error", initial="ana@")
    topic = forms.ChoiceField(
        label="One of several", choices=[("", "Choose …"), ("work", "Work"), ("shop", "Shop")], required=False
    )
    message = forms.CharField(label="Many lines", widget=forms.Textarea, required=False)
    terms = forms.BooleanField(label="A box to tick", help_text="With a word about it.", required=False)

    def __init__(self, data: Any) -> None:
        super().__init__(data, auto_id="sample_%s")


@require_safe
def styleguide(request: HttpRequest) -> HttpResponse:
    post = BlogPost(title="A row is a link as wide as itself", slug="row", body="word " * 900)
    post.activate_date = timezone.now()
    project = Project(title="A case study", slug="case", client="A client", role="Design", year=2026)
    project.outcome = "A third fewer calls"
    context = {
        "form": SampleForm({"name": "Ana Reis", "email": "ana@", "message": "What was typed stays."}),
        "labels": [
            StockLabel("", "Neutral"), StockLabel("open", "Waiting"), StockLabel("good", "In stock"),
            StockLabel("warn", "3 left"), StockLabel("bad", "Refund failed"), StockLabel("gone", "Sold out"),
        ],
        "post": post,
        "project": project,
        "projects": list(Project.objects.live().exclude(image="")[:2]) or [project],
        "quotes": [
            Testimonial(name="Rui Falcão", role="Director", company="Terminal", feedback="Large, for one."),
            Testimonial(name="Hanneke Vos", company="Kaart", feedback="As it stands, for several in a row."),
        ],
        "skills": [
            Skill(title="Plotters", slug="plotters", group="Tools"),
            Skill(title="Type", slug="type", group="Craft"),
        ],
        "products": Product.objects.live().prefetch_related("variants")[:4],
        "totals": {"goods": 16_400, "shipping": {"total": 600}, "tax": 3_179, "total": 17_000},
        "paging": {"number": 2, "has_more": True},
    }  # fmt: skip
    return render(request, "ecommerce/styleguide.html", context)
