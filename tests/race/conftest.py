from django.conf import settings

# What only one of the databases can show is collected there alone.
collect_ignore = ["test_two_writers.py" if settings.EMBEDDED_DATABASE else "test_one_writer.py"]
