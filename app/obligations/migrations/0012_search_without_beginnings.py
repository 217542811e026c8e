from django.db import migrations

from obligations import search_index


def renew(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        search_index.drop(schema_editor.connection)
        search_index.create(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("obligations", "0011_indexes_of_one_column")]

    operations = [migrations.RunPython(renew, migrations.RunPython.noop)]
