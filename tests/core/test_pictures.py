import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage, storages

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.PRIVATE_ROOT = tmp_path / "private"


def test_a_public_picture_may_be_kept_for_ever(client):
    name = default_storage.save("pictures/project/0123.avif", ContentFile(b"picture"))

    response = client.get(f"/media/{name}")

    assert b"".join(response.streaming_content) == b"picture"
    assert response["Content-Type"] == "image/avif"
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert not response.cookies


@pytest.mark.parametrize(
    "path",
    [
        "pictures/project/none.avif", "pictures/../secret.png", "pictures/%2e%2e/secret.png",
        "pictures//etc/passwd", "pictures//secret.png", "pictures/..%2fsecret.png", "pictures/a%00.png",
        "pictures/project/page.html", "pictures/project/drawing.svg", "other/secret.png", "secret.png",
        "pictures/", f"pictures/{'a' * 300}.png",
    ],
)  # fmt: skip
def test_anything_but_a_picture_is_not_found(client, path):
    default_storage.save("secret.png", ContentFile(b"secret"))
    default_storage.save("other/secret.png", ContentFile(b"secret"))
    default_storage.save("pictures/project/page.html", ContentFile(b"<script>"))
    default_storage.save("pictures/project/drawing.svg", ContentFile(b"<svg>"))

    assert client.get(f"/media/{path}").status_code == 404


def test_private_files_have_no_address(client):
    name = storages["private"].save("pictures/invoice.png", ContentFile(b"private"))

    assert client.get(f"/media/{name}").status_code == 404
