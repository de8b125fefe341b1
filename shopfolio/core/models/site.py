import re

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from shopfolio.abstract_models import ListField, OrderedChoicesField, RichTextField, SingletonModel
from shopfolio.core.models.pictures import Pictured
from shopfolio.lib.lists import row_of, web_address
from shopfolio.lib.money import EXPONENTS
from shopfolio.pictures import PictureField, made_of_it, point


def validate_currency(code: str) -> None:
    if code not in EXPONENTS:
        known = ", ".join(EXPONENTS)
        raise ValidationError(
            _("Not a currency we can sell in. We know: %(known)s."), params={"known": known}
        )


validate_country = RegexValidator(r"^[A-Z]{2}$", _("Two capital letters, such as PT."))


validate_accent = RegexValidator(r"^#[0-9a-f]{6}$", _("A colour such as #1949c5."))

ACCENT = "#1949c5"
"""Unless the owner chooses another; site.css has it too."""


class HomeSection(models.TextChoices):
    """What the home page is made of, in the order of a new site."""

    HERO = "hero", _("Headline and picture")
    WORK = "work", _("Selected work")
    PRODUCTS = "products", _("From the shop")
    SKILLS = "skills", _("Skills")
    TESTIMONIALS = "testimonials", _("What people say")
    POSTS = "posts", _("Writing")
    NEWSLETTER = "newsletter", _("Newsletter")


def all_sections() -> list[str]:
    return list(HomeSection.values)


class Profile(SingletonModel, Pictured):
    """Who the owner is: to visitors, and to the law."""

    name = models.CharField(_("name"), max_length=120, default="Shopfolio")
    role = models.CharField(_("what you do"), max_length=200, blank=True)
    headline = models.CharField(
        _("headline"), max_length=200, blank=True, help_text=_("The first sentence of the home page.")
    )
    summary = models.TextField(_("in a paragraph"), blank=True)
    body = RichTextField(_("at length"), blank=True, help_text=_("Closes the résumé."))
    place = models.CharField(_("place"), max_length=120, blank=True)
    email = models.EmailField(_("public e-mail address"), blank=True)
    phone = models.CharField(_("public phone"), max_length=32, blank=True)
    availability = models.CharField(_("open to"), max_length=200, blank=True)
    spoken_languages = ListField(
        _("languages you speak"),
        item=row_of("language", "fluency"),
    )
    links = ListField(
        _("links"),
        item=row_of("label", url=web_address),
        help_text=_("Where else people find you."),
    )
    portrait = PictureField(
        _("portrait"), blank=True, width_field="portrait_width", height_field="portrait_height"
    )
    portrait_width = models.PositiveIntegerField(null=True, editable=False)
    portrait_height = models.PositiveIntegerField(null=True, editable=False)
    portrait_alt = models.CharField(_("portrait in words"), max_length=255, blank=True)
    portrait_made = made_of_it()
    portrait_x = point(_("from the left"))
    portrait_y = point(_("from the top"))
    hero = PictureField(_("home picture"), blank=True, width_field="hero_width", height_field="hero_height")
    hero_width = models.PositiveIntegerField(null=True, editable=False)
    hero_height = models.PositiveIntegerField(null=True, editable=False)
    hero_alt = models.CharField(_("home picture in words"), max_length=255, blank=True)
    hero_made = made_of_it()
    hero_x = point(_("from the left"))
    hero_y = point(_("from the top"))
    hero_title = models.CharField(_("home picture's title"), max_length=120, blank=True)
    hero_caption = models.CharField(_("home picture's caption"), max_length=255, blank=True)
    newsletter_pitch = models.CharField(_("why to subscribe"), max_length=255, blank=True)

    accent = models.CharField(
        _("accent colour"),
        max_length=7,
        default=ACCENT,
        validators=[validate_accent],
        help_text=_("Of buttons, of where one is, of what is chosen."),
    )
    home_sections = OrderedChoicesField(_("home page"), of=HomeSection, default=all_sections)
    language = models.CharField(_("language of the site"), max_length=12, default="en")
    currency = models.CharField(_("currency"), max_length=3, default="EUR", validators=[validate_currency])

    legal_name = models.CharField(
        _("legal name"), max_length=200, blank=True, help_text=_("As it stands on invoices.")
    )
    address_line1 = models.CharField(_("street and number"), max_length=200, blank=True)
    address_line2 = models.CharField(_("more of the address"), max_length=200, blank=True)
    postcode = models.CharField(_("postcode"), max_length=20, blank=True)
    city = models.CharField(_("town"), max_length=120, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True, validators=[validate_country])
    tax_id = models.CharField(_("tax number"), max_length=40, blank=True)
    legal_email = models.EmailField(_("e-mail address on invoices"), blank=True)

    class Meta(SingletonModel.Meta):
        verbose_name = _("profile")
        permissions = [("change_identity_profile", "Can change who the owner is by law")]
        verbose_name_plural = _("profile")

    def __str__(self) -> str:
        return self.name

    @property
    def own_accent(self) -> str:
        """As six digits for a stylesheet's address; empty for the one that site.css has."""
        is_own = self.accent != ACCENT and re.fullmatch("#[0-9a-f]{6}", self.accent)
        return self.accent.removeprefix("#") if is_own else ""
