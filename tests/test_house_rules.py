"""Each rule of tests/house_rules.py catches what it is there for, and leaves the rest alone."""

from pathlib import Path

import pytest

from tests.house_rules import RULES, broken

BREAKS = [
    ("core/a.html", "{{ post.body|safe }}"),
    ("core/a.html", "{% autoescape off %}"),
    ("core/a.py", "return mark_safe(text)"),
    ("core/a.py", "send.delay(order.pk)"),
    ("core/a.py", "send.apply_async([order.pk])"),
    ("templates/a.html", '<p style="color: red">'),
    ("templates/a.html", "<style>p {}</style>"),
    ("templates/a.html", "<script>alert(1)</script>"),
    ("templates/a.html", '<p onclick="x()">'),
    ("settings.py", "script-src 'unsafe-inline'"),
    ("ecommerce/a.py", "total = float(price)"),
    ("ecommerce/a.py", "price = models.FloatField()"),
    ("lib/money.py", "float(amount)"),
    ("core/a.py", "if token == order.token:"),
    ("core/a.py", "if order.token != given:"),
    ("core/a.py", "if mac.hexdigest() == given:"),
    ("core/a.py", "return given == self.token_hash"),
    ("core/a.py", "link = request.build_absolute_uri(path)"),
    ("core/a.py", 'request.META["HTTP_X_FORWARDED_HOST"]'),
    ("core/views/a.py", "@csrf_exempt"),
    ("core/a.py", "rows = Post.objects.raw(sql)"),
]


@pytest.mark.parametrize(("place", "line"), BREAKS)
def test_a_broken_rule_is_named_with_its_line(tmp_path: Path, place: str, line: str) -> None:
    file = tmp_path / place
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"first\n{line}\n")

    found = [told for rule in RULES for told in broken(rule, tmp_path)]

    assert found
    assert all(told.startswith(f"shopfolio/{place}:2: ") for told in found)


def test_every_rule_catches_something(tmp_path: Path) -> None:
    for number, (place, line) in enumerate(BREAKS):
        file = tmp_path / str(number) / place
        file.parent.mkdir(parents=True)
        file.write_text(line)
    roots = [tmp_path / str(number) for number in range(len(BREAKS))]

    assert [rule.why for rule in RULES if not any(broken(rule, root) for root in roots)] == []


@pytest.mark.parametrize(
    "line",
    [
        "if token is None:",
        "order = find_order(token)",
        "token_count == 3",
        "matches = hmac.compare_digest(subscriber.leaving_token.encode(), token.encode())",
        'self.filter(token_hash="")',
        "csrf_token",
    ],
)
def test_what_only_looks_like_it_is_left_alone(tmp_path: Path, line: str) -> None:
    (tmp_path / "a.py").write_text(line)

    assert [told for rule in RULES for told in broken(rule, tmp_path)] == []
