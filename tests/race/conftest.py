from django.conf import settings

pytest_plugins = ["tests.race.shop"]

# SQLite alone has one writer at a time, and a way to switch that off.
collect_ignore = [] if settings.EMBEDDED_DATABASE else ["test_one_writer.py"]
