"""What people tell of themselves on their account's page."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from shopfolio.pictures import private_storage
from shopfolio.tasks.models import Job
from shopfolio.users.models import CustomUser
from tests.users.people import make_person, run_jobs

pytestmark = [pytest.mark.django_db, pytest.mark.rows]

ADDRESS = "/account/profile/"


@pytest.fixture
def person(client):
    person = make_person("ana@example.org", first_name="Ana")
    client.force_login(person)
    return person


def picture(size=(40, 30), kind="JPEG"):
    content = io.BytesIO()
    Image.new("RGB", size, "teal").save(content, kind)
    return SimpleUploadedFile("IMG 0017.jpg", content.getvalue())


def test_names_company_and_phone_are_kept_in_one_line_each(client, person):
    sent = {"first_name": " Ana ", "last_name": "de  Sousa\nLima", "company": "Lima & Co", "phone": "+351 1"}

    answer = client.post(ADDRESS, sent)

    assert (answer.status_code, answer["Location"]) == (303, ADDRESS)
    person.refresh_from_db()
    assert (person.first_name, person.last_name) == ("Ana", "de Sousa Lima")
    assert (person.company, person.phone) == ("Lima & Co", "+351 1")
    assert "Your profile is saved." in client.get(ADDRESS).content.decode()


def test_what_a_form_does_not_ask_for_cannot_be_sent(client, person):
    client.post(ADDRESS, {"first_name": "Ana", "email": "eve@example.org", "is_staff": "on", "password": "x"})

    now = CustomUser.objects.get()
    assert (now.email, now.is_staff, now.password) == ("ana@example.org", False, person.password)


def test_what_is_refused_is_said_beside_its_field_and_what_was_typed_stays(client, person):
    answer = client.post(ADDRESS, {"first_name": "Ana Maria", "phone": "1" * 33})

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "id_phone_error" in page
    assert 'value="Ana Maria"' in page
    assert CustomUser.objects.get().first_name == "Ana"


def test_a_picture_is_written_anew_and_the_one_before_is_deleted(client, person, private_files):
    client.post(ADDRESS, {"first_name": "Ana", "avatar": picture()})
    first = CustomUser.objects.get().avatar.name
    client.post(ADDRESS, {"first_name": "Ana", "avatar": picture()})
    second = CustomUser.objects.get().avatar.name
    assert run_jobs("users.delete_picture") == 1

    assert "IMG" not in first
    assert (private_storage().exists(first), private_storage().exists(second)) == (False, True)
    assert 'src="/account/profile/picture/"' in client.get(ADDRESS).content.decode()

    client.post(ADDRESS, {"first_name": "Ana", "drop_avatar": "on"})
    assert run_jobs("users.delete_picture") == 1
    assert CustomUser.objects.get().avatar.name == ""
    assert not private_storage().exists(second)


def test_what_is_no_picture_is_refused_and_the_one_before_stays(client, person, private_files):
    client.post(ADDRESS, {"first_name": "Ana", "avatar": picture()})
    before = CustomUser.objects.get().avatar.name

    answer = client.post(ADDRESS, {"avatar": SimpleUploadedFile("a.jpg", b"<script>")})

    assert answer.status_code == 422
    assert "This is no JPEG" in answer.content.decode()
    assert CustomUser.objects.get().avatar.name == before
    assert not Job.objects.filter(name="users.delete_picture").exists()


def test_a_picture_may_be_sent_by_who_is_logged_in_and_by_nobody_else(client, person):
    large = SimpleUploadedFile("a.jpg", b"x" * 2_000_000)

    assert client.post(ADDRESS, {"avatar": large}).status_code == 422
    client.logout()
    large.seek(0)
    assert client.post(ADDRESS, {"avatar": large}).status_code == 413


def test_pictures_are_taken_twenty_times_an_hour(client, person):
    answers = [client.post(ADDRESS, {"avatar": SimpleUploadedFile("a", b"x")}).status_code for _ in range(21)]

    assert answers == [422] * 20 + [429]


def test_nobody_else_sees_somebodys_picture(client, person, private_files):
    address = f"{ADDRESS}picture/"
    assert client.get(address).status_code == 404

    client.post(ADDRESS, {"first_name": "Ana", "avatar": picture((2000, 1500))})

    answer = client.get(address)
    shown = Image.open(io.BytesIO(b"".join(answer.streaming_content)))
    assert (shown.size, answer["Content-Type"]) == ((591, 443), "image/jpeg")
    assert answer["Cache-Control"] == "private, no-store"
    assert client.get(f"/media/{CustomUser.objects.get().avatar.name}").status_code == 404
    client.force_login(make_person("eve@example.org"))
    assert client.get(address).status_code == 404
    client.logout()
    assert client.get(address).status_code == 302
