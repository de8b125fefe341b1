from django.db import migrations, models

SQLITE = """
CREATE VIRTUAL TABLE core_search_index USING fts5(
    words, content='', contentless_delete=1, detail=none, prefix='2 3', tokenize="ascii tokenchars '=~+#'"
)
"""
# Rows stay whole in the table, up to a page's size, instead of moving aside: then PostgreSQL knows what it
# costs to read through them all, and takes the index.
POSTGRESQL = [
    "CREATE TABLE core_search_index (rowid bigint PRIMARY KEY, words tsvector NOT NULL)"
    " WITH (toast_tuple_target = 8160)",
    "CREATE INDEX core_search_index_words ON core_search_index USING gin (words)",
]
CREATE = {"sqlite": [SQLITE], "postgresql": POSTGRESQL}


def create_index(apps, schema_editor):
    for statement in CREATE[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def drop_index(apps, schema_editor):
    schema_editor.execute("DROP TABLE core_search_index")


class Migration(migrations.Migration):
    """The search. Its entries are filled by the first nightly job, within a minute of the next start."""

    dependencies = [("core", "0002_initial")]

    operations = [
        migrations.CreateModel(
            name="SearchEntry",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("page", models.UUIDField(unique=True)),
                ("kind", models.CharField(max_length=100)),
                ("path", models.TextField()),
                ("live_from", models.DateTimeField()),
                ("live_until", models.DateTimeField(null=True)),
                ("page_modified", models.DateTimeField()),
                ("title", models.CharField(max_length=255)),
                ("summary", models.TextField()),
                ("text", models.TextField()),
            ],
            options={"verbose_name": "search entry", "verbose_name_plural": "search entries"},
        ),
        migrations.RunPython(create_index, drop_index, elidable=False),
    ]
