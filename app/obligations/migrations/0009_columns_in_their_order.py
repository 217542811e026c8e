from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("obligations", "0008_sort_within_groups"),
    ]

    operations = [
        migrations.AddField(
            model_name="importbatch",
            name="column_names",
            field=models.JSONField(default=list, help_text="In the file's order, which the keys of JSON do not keep."),
        ),
        migrations.AlterField(
            model_name="importbatch",
            name="columns",
            field=models.JSONField(default=dict, help_text="Column: field, or empty to keep it as an extra field."),
        ),
    ]
