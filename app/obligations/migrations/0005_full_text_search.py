from django.db import migrations

from obligations import search_index


def create(apps, schema_editor):
    search_index.create(schema_editor.connection)


def drop(apps, schema_editor):
    search_index.drop(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [
        ("obligations", "0004_order_by_what_is_due"),
        ("registers", "0002_versions_calendar_and_procedures"),
    ]

    operations = [migrations.RunPython(create, drop)]
