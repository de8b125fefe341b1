"""What becomes of an upload: the file is kept to ourselves, and pages show what was made of it."""

import io
import os
import re
import time

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from shopfolio.core import page_cache, pictures
from shopfolio.core.models import BlogPost, Profile, Project, Testimonial
from shopfolio.pictures import PictureField, picture_fields, private_storage
from shopfolio.tasks.models import Job
from shopfolio.tasks.outbox import run_job
from shopfolio.users.models import CustomUser

pytestmark = [pytest.mark.django_db, pytest.mark.rows]


def picture(size=(1400, 1050), kind="JPEG", colour="teal", mode="RGB") -> bytes:
    content = io.BytesIO()
    Image.new(mode, size, colour).save(content, kind)
    return content.getvalue()


def post_with(content: bytes | None = None, **columns) -> BlogPost:
    file = SimpleUploadedFile("a.jpg", content or picture())
    columns = {"title": "Post", "status": 1, "image_alt": "A sea"} | columns
    return BlogPost.objects.create(image=file, **columns)


def make(row) -> None:
    """What a worker does of all that the row promised."""
    for job in Job.objects.filter(name="core.make_pictures", status=Job.Status.DUE):
        run_job(job.pk)
    row.refresh_from_db()


def public(name: str) -> list[str]:
    folder, _slash, file = name.rpartition("/")
    stem = file.rpartition(".")[0]
    return sorted(each for each in default_storage.listdir(folder)[1] if each.startswith(stem))


def endings(name: str) -> list[str]:
    return [file.partition("-")[2] for file in public(name)]


def age(storage, name: str, days: int) -> None:
    then = time.time() - days * 86_400
    os.utime(storage.path(name), (then, then))


def test_a_picture_is_made_ready_by_a_job_that_its_row_promised():
    post = post_with()
    [job] = Job.objects.filter(name="core.make_pictures")
    assert not post.image.is_ready

    make(post)

    job.refresh_from_db()
    assert job.status == Job.Status.DONE
    assert post.image_made == {
        "of": post.image.name, "size": [1400, 1050], "widths": [480, 1080, 1400], "tone": "#008083"
    }  # fmt: skip
    wanted = {f"{width}.{ending}" for width in (480, 1080, 1400) for ending in ("avif", "webp")}
    assert set(endings(post.image.name)) == wanted | {"shared.jpg"}


def test_a_row_that_is_not_kept_promises_nothing():
    class ThoughtBetter(Exception):
        pass

    def save_and_fail():
        from django.db import transaction

        with transaction.atomic():
            post_with()
            raise ThoughtBetter

    with pytest.raises(ThoughtBetter):
        save_and_fail()

    assert not Job.objects.exists()


def test_saving_again_promises_nothing_more():
    post = post_with()
    post.save()
    make(post)
    post.title = "Another"
    post.save()

    assert Job.objects.filter(name="core.make_pictures").count() == 1


def test_the_job_may_run_twice():
    post = post_with()
    make(post)
    before = post.image_made, public(post.image.name)

    pictures.make_pictures(model="core.blogpost", field="image", path=post.image.name)

    post.refresh_from_db()
    assert (post.image_made, public(post.image.name)) == before


def test_pages_are_made_anew_once_a_picture_is_ready(monkeypatch):
    bumps = []
    monkeypatch.setattr(page_cache, "bump", lambda: bumps.append(1))

    make(post_with())

    assert bumps == [1]


def test_a_damaged_file_is_said_once_and_not_tried_again():
    post = post_with()
    with private_storage().open(post.image.name, "wb") as file:
        file.write(b"\xff\xd8\xff half of it")

    make(post)

    job = Job.objects.get(name="core.make_pictures")
    assert (job.status, job.attempts) == (Job.Status.DEAD, 1)
    assert post.image.is_damaged
    pictures.tend_pictures()
    assert Job.objects.filter(name="core.make_pictures").count() == 1


def test_a_file_that_is_gone_counts_as_damaged(client):
    post = post_with()
    private_storage().delete(post.image.name)

    run_job(Job.objects.get(name="core.make_pictures").pk)

    assert BlogPost.objects.get().image.is_damaged
    assert 'src="data:image/svg+xml,' in client.get(post.get_absolute_url()).content.decode()


def test_the_job_of_a_picture_that_was_replaced_meanwhile_makes_nothing():
    post = post_with()
    first = post.image.name
    post.image = SimpleUploadedFile("b.jpg", picture(colour="red"))
    post.save()

    make(post)

    assert post.image.tone == "#fe0000"
    assert endings(post.image.name) != []
    assert first.rpartition("/")[2].partition(".")[0] not in str(public(post.image.name))
    assert set(Job.objects.values_list("name", "status")) == {("core.make_pictures", Job.Status.DONE)}


def test_what_was_made_of_another_file_is_not_shown():
    post = post_with()
    make(post)

    post.image = SimpleUploadedFile("b.jpg", picture(colour="red"))
    post.save()

    post.refresh_from_db()
    assert not post.image.is_ready
    assert Job.objects.filter(name="core.make_pictures", status=Job.Status.DUE).count() == 1


def test_every_night_the_files_that_no_row_has_go_after_a_day():
    post = post_with()
    make(post)
    old, made = post.image.name, public(post.image.name)
    post.image = SimpleUploadedFile("b.jpg", picture(colour="red"))
    post.save()
    make(post)

    pictures.tend_pictures()
    assert private_storage().exists(old)

    for file in made:
        age(default_storage, f"pictures/blogpost/{file}", 2)
    for name in (old, post.image.name):
        age(private_storage(), name, 2)
    pictures.tend_pictures()

    assert not private_storage().exists(old)
    assert public(old) == []
    assert private_storage().exists(post.image.name)
    assert len(public(post.image.name)) == 7


def test_pictures_of_a_site_that_kept_them_in_public_move_out_of_sight(client):
    post = post_with()
    name = post.image.name
    Job.objects.all().delete()
    default_storage.save(name, ContentFile(private_storage().open(name).read()))
    private_storage().delete(name)
    person = CustomUser.objects.create_user("ana@example.org", avatar="pictures/customuser/old.jpg")
    default_storage.save(person.avatar.name, ContentFile(picture()))

    pictures.tend_pictures()
    make(post)

    assert post.image.is_ready
    for moved in (name, person.avatar.name):
        assert (default_storage.exists(moved), private_storage().exists(moved)) == (False, True)
        assert client.get(f"/media/{moved}").status_code == 404


def test_every_picture_but_that_of_an_account_has_its_companions():
    without = {
        str(field)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, PictureField) and field not in picture_fields(model)
    }

    assert without == {"users.CustomUser.avatar"}


def test_the_file_itself_has_no_address(client):
    post = post_with()
    make(post)

    assert client.get(f"/media/{post.image.name}").status_code == 404
    assert not default_storage.exists(post.image.name)
    assert post.image.name not in client.get(post.get_absolute_url()).content.decode()


def test_a_rendition_may_be_kept_for_ever(client):
    post = post_with()
    make(post)

    answer = client.get(post.image.rendition("-480.avif"))

    assert Image.open(io.BytesIO(b"".join(answer.streaming_content))).size == (480, 360)
    assert answer["Content-Type"] == "image/avif"
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert not answer.cookies


@pytest.mark.parametrize(
    "path",
    [
        "pictures/project/none-480.avif", "pictures/../secret-480.webp", "pictures/%2e%2e/secret-480.webp",
        "pictures//etc/passwd", "pictures//secret-480.webp", "pictures/..%2fsecret-480.webp",
        "pictures/a%00-480.webp", "pictures/project/page.html", "pictures/project/drawing-480.svg",
        "pictures/project/whole.jpg", "other/secret-480.webp", "secret-480.webp", "pictures/",
        f"pictures/{'a' * 300}-480.webp",
    ],
)  # fmt: skip
def test_anything_but_a_rendition_is_not_found(client, path):
    for name in ("secret-480.webp", "other/secret-480.webp", "pictures/project/whole.jpg"):
        default_storage.save(name, ContentFile(b"secret"))
    default_storage.save("pictures/project/page.html", ContentFile(b"<script>"))
    default_storage.save("pictures/project/drawing-480.svg", ContentFile(b"<svg>"))

    assert client.get(f"/media/{path}").status_code == 404


def shown(client, address: str) -> list[str]:
    return re.findall(r"<picture>.*?</picture>", client.get(address).content.decode())


def test_a_page_offers_avif_and_webp_at_every_width(client):
    post = post_with(image_x=90, image_y=10)
    make(post)
    stem = f"/media/{post.image.name.rpartition('.')[0]}"

    [found] = shown(client, post.get_absolute_url())

    sizes = 'sizes="(min-width: 48rem) 72vw, calc(100vw - 2.5rem)"'
    avif, webp = (
        ", ".join(f"{stem}-{width}.{ending} {width}w" for width in (480, 1080, 1400))
        for ending in ("avif", "webp")
    )
    assert found == (
        f'<picture><source type="image/avif" srcset="{avif}" {sizes}>'
        f'<img src="{stem}-1080.webp" srcset="{webp}" {sizes} alt="A sea" width="1400" height="1050"'
        ' class="x4 y0" data-tone="#008083" fetchpriority="high"></picture>'
    )


def test_until_it_is_ready_a_page_keeps_the_pictures_place(client):
    post = post_with()

    [found] = shown(client, post.get_absolute_url())

    assert 'src="data:image/svg+xml,%3Csvg' in found
    assert "width=%221400%22 height=%221050%22" in found
    assert 'alt="A sea" width="1400" height="1050"' in found
    assert "/media/" not in found


def test_only_what_is_seen_at_once_is_fetched_at_once(client):
    file = {"hero": SimpleUploadedFile("a.jpg", picture())}
    make(Profile.objects.create(pk=Profile.ID, **file))
    for number in range(2):
        upload = SimpleUploadedFile("a.jpg", picture())
        make(Project.objects.create(title=f"Work {number}", status=1, image=upload))

    first, *others = shown(client, "/")

    assert 'fetchpriority="high"' in first
    assert "lazy" not in first
    assert len(others) == 2
    assert all('loading="lazy" decoding="async"' in each for each in others)


def test_links_and_feeds_show_a_jpeg(client):
    post = post_with()
    address = post.get_absolute_url()
    assert "og:image" not in client.get(address).content.decode()

    make(post)

    shared = f"http://127.0.0.1:8000{post.image.shared_url}"
    assert post.image.shared_url.endswith("-shared.jpg")
    assert f'<meta property="og:image" content="{shared}">' in client.get(address).content.decode()
    feed = client.get("/blog/feed.xml").content.decode()
    assert f'&lt;p&gt;&lt;img src="{shared}" alt="A sea"&gt;&lt;/p&gt;' in feed


def test_a_row_with_a_picture_but_no_columns_for_its_size_opens_no_file():
    testimonial = Testimonial.objects.create(
        name="Ana", feedback="Good.", image=SimpleUploadedFile("a.jpg", picture((300, 200)))
    )
    assert testimonial.image.shape == (1, 1)

    make(testimonial)
    private_storage().delete(testimonial.image.name)

    again = Testimonial.objects.get()
    assert again.image.shape == (300, 200)


def test_the_back_office_says_how_far_a_picture_is(owner_client):
    post = post_with()
    address = f"/admin/core/blogpost/{post.pk}/change/"
    assert "It is being made ready" in owner_client.get(address).content.decode()

    make(post)
    page = owner_client.get(address).content.decode()
    assert "On the site, 480, 1080, 1400 pixels wide." in page
    assert 'data-focus="id_image"' in page
    assert 'name="image_x"' in page
    assert post.image.name not in page

    BlogPost.objects.update(image_made={"of": post.image.name, "damaged": True})
    assert "This file is damaged or gone." in owner_client.get(address).content.decode()
