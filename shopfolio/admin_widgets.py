"""The boxes of the back office's forms, where Django's own need a script or say too little."""

from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminFileWidget
from django.db import models
from django.forms.widgets import Script
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from shopfolio.pictures import PictureField


class PictureWidget(AdminFileWidget):
    """Shows what became of the picture; a click on it sets the point that stays in sight."""

    template_name = "admin/picture.html"
    clear_checkbox_label = _("Take it away")  # type: ignore[assignment]

    class Media:
        js = ("shopfolio/focus.js",)

    def _render(self, template_name: str, context: Any, renderer: Any = None) -> SafeString:
        return render_to_string(template_name, context)  # forms look in their own folders only


PICTURES: dict[Any, Any] = {PictureField: {"widget": PictureWidget}}


class MomentWidget(forms.SplitDateTimeWidget):
    """The browser's own boxes for a date and a time: no script, and a phone's wheels."""

    def __init__(self, attrs: Any = None) -> None:
        super().__init__(
            attrs,
            date_format="%Y-%m-%d",
            time_format="%H:%M:%S",
            date_attrs={"type": "date"},
            time_attrs={"type": "time"},
        )

    def name_boxes(self, label: Any) -> None:
        for box, what in zip(self.widgets, (_("date"), _("time")), strict=True):
            box.attrs["aria-label"] = f"{label}, {what}"


class TicksWidget(forms.CheckboxSelectMultiple):
    """A box for each choice, what is ticked first; ticks.js adds those that are made meanwhile."""

    template_name = "includes/ticks.html"

    class Media:
        js = (Script("shopfolio/ticks.js", defer=True),)

    def optgroups(self, name: str, value: list[str], attrs: Any = None) -> list[Any]:
        groups = super().optgroups(name, value, attrs)
        return sorted(groups, key=lambda group: not any(option["selected"] for option in group[1]))


DATES: dict[Any, Any] = {
    models.DateTimeField: {"form_class": forms.SplitDateTimeField, "widget": MomentWidget},
    models.DateField: {"widget": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})},
}
