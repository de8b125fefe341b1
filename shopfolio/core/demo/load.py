"""Reads the demo site into the database. Safe to run twice: what is there already stays as it is."""

import tomllib
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from django.core.files import File
from django.utils import timezone
from django.utils.text import slugify

from shopfolio.core.demo.marks import make, mark
from shopfolio.core.demo.renditions import FOLDER, SHIPPED
from shopfolio.core.models import (
    BlogPost,
    Certificate,
    ContactMessage,
    Experience,
    Policy,
    Profile,
    Project,
    ProjectPicture,
    Skill,
    Subscriber,
    Tag,
    Testimonial,
)
from shopfolio.lib.renditions import widths_of
from shopfolio.pictures import private_storage
from shopfolio.users.models import CustomUser

HERE = Path(__file__).parent
PUBLISHED = BlogPost.Status.PUBLISHED


def read(name: str, folder: Path = HERE) -> Any:
    return tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def captions() -> Any:
    return read("pictures")


def shipped_picture(name: str) -> str:
    """Put a shipped picture among the site's own; its path."""
    path = f"{FOLDER}/{name}"
    if not private_storage().exists(path):
        with (SHIPPED / name).open("rb") as file:
            private_storage().save(path, File(file))
    return path


def picture(name: str, *, field: str = "image", alt: str | None = None) -> dict[str, Any]:
    """The columns of a picture field; all of it is known, so the file is not decoded."""
    if not name:
        return {}
    known = captions()[name]
    prefix = "" if field == "bare" else f"{field}_"
    file_field = "image" if field == "bare" else field
    width, height, path = known["width"], known["height"], shipped_picture(name)
    made = {"of": path, "size": [width, height], "widths": widths_of(width), "tone": known["tone"]}
    return {
        file_field: path,
        f"{file_field}_made": made,
        f"{file_field}_x": known.get("x"),
        f"{prefix}width": width,
        f"{prefix}height": height,
        f"{prefix}alt": known["alt"] if alt is None else alt,
    }


def at(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), tzinfo=UTC) + timedelta(hours=9)


def page(row: dict[str, Any]) -> dict[str, Any]:
    """The columns that every page has."""
    published = at(row["published"]) if "published" in row else timezone.now()
    columns = {
        "title": row["title"],
        "description": row.get("description", ""),
        "body": row.get("body", "").strip(),
    }
    return columns | {"status": PUBLISHED, "activate_date": published} | picture(row.get("picture", ""))


def load_site() -> None:
    load_profile()
    load_resume()
    load_portfolio()
    load_blog()
    load_audience()


def load_profile() -> None:
    row = read("profile")
    legal = row["legal"]
    names = ("name", "headline", "role", "place", "email", "phone", "availability", "summary", "body",
             "newsletter_pitch", "currency", "language", "hero_title", "hero_caption")  # fmt: skip
    columns = {name: row[name] for name in names}
    columns |= picture(row["picture"], field="portrait") | picture(row["hero_picture"], field="hero")
    columns |= {"spoken_languages": row["languages"], "links": row["links"]}
    columns |= {name: legal[name] for name in ("legal_name", "postcode", "city", "country")}
    columns |= {
        "tax_id": legal["vat_id"],
        "legal_email": legal["email"],
        "address_line1": legal["address"][0],
    }
    profile, is_new = Profile.objects.get_or_create(pk=Profile.ID, defaults=columns)
    if is_new:
        mark([profile], columns=columns)


def load_resume() -> None:
    for position, row in enumerate(read("skills")["skill"]):
        own = {"group": row["group"], "level": row["level"], "since": row["started"], "position": position}
        make(Skill, slug=row["slug"], defaults=page(row) | own)
    for row in read("certificates")["certificate"]:
        own = {name: row[name] for name in ("issuer", "url", "credential_id")}
        own["issued"] = date.fromisoformat(row["issued"])
        make(Certificate, slug=row["slug"], defaults=page(row) | own)
    for row in read("experience")["experience"]:
        columns = {name: row[name] for name in ("place", "url", "ended", "body")}
        key = {name: row[name] for name in ("kind", "title", "organisation", "started")}
        make(Experience, **key, defaults=columns)
    for position, row in enumerate(read("policies")["policy"]):
        make(Policy, slug=row["slug"], defaults=page(row) | {"position": position})


def load_portfolio() -> None:
    for position, row in enumerate(read("projects")["project"]):
        own = {name: row[name] for name in ("client", "role", "period", "year", "outcome", "figures")}
        own |= {"partners": row["with"], "position": position}
        project, is_new = make(Project, slug=row["slug"], defaults=page(row) | own)
        if is_new:
            project.skills.set(Skill.objects.filter(slug__in=row["skills"]))
            for place, shown in enumerate(row["gallery"]):
                words = {"title": shown["title"], "caption": shown["caption"], "position": place}
                shown_picture = ProjectPicture.objects.create(
                    project=project, **picture(shown["picture"], field="bare"), **words
                )
                mark([shown_picture])


def load_blog() -> None:
    author = CustomUser.owners().first()
    for row in read("posts")["post"]:
        own = {"author": author, "image_caption": row.get("caption", "")}
        post, is_new = make(BlogPost, slug=row["slug"], defaults=page(row) | own)
        if is_new:
            post.tags.set([make(Tag, title=tag.capitalize())[0] for tag in row["tags"]])


def load_audience() -> None:
    for position, row in enumerate(read("testimonials")["testimonial"]):
        columns = {name: row[name] for name in ("role", "company", "feedback")}
        columns |= {
            "status": Testimonial.Status.PUBLISHED,
            "published_at": at(row["published"]),
            "position": position,
        }
        make(Testimonial, name=row["name"], defaults=columns)
    for row in read("messages")["message"]:
        message, is_new = make(
            ContactMessage,
            email=row["email"],
            defaults={"name": row["name"], "message": row["message"].strip()},
        )
        if is_new:
            written = timezone.now() - timedelta(days=row["days_ago"])
            ContactMessage.objects.filter(pk=message.pk).update(created=written)
    for email in read("subscribers")["subscribers"]:
        confirmed = {"status": Subscriber.Status.CONFIRMED, "confirmed_at": timezone.now()}
        make(Subscriber, email=email, defaults=confirmed)


def load_many_posts(number: int) -> int:
    """Fill up to this many posts, made of the real ones' paragraphs; how many were added."""
    missing = number - BlogPost.objects.count()
    if missing <= 0:
        return 0
    models = read("posts")["post"]
    first = BlogPost.objects.filter(slug__startswith="note-").count() + 1
    rows = enumerate(islice(cycle(models), missing), start=first)
    posts = [many_post(number, row) for number, row in rows]
    mark(BlogPost.objects.bulk_create(posts, batch_size=500))
    return missing


def many_post(number: int, row: dict[str, Any]) -> BlogPost:
    title = f"{row['title']}, note {number}"
    published = at("2025-01-01") - timedelta(hours=number)
    columns = page(row | {"title": title}) | {
        "activate_date": published,
        "slug": f"note-{number}-{slugify(row['title'])}",
    }
    return BlogPost(**columns, minutes=4)
