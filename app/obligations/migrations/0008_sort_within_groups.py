from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("obligations", "0007_count_by_person"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="obligation",
            index=models.Index(fields=["project", "mechanism", "sort_key"], name="obligation_by_mechanism"),
        ),
        migrations.AddIndex(
            model_name="obligation",
            index=models.Index(fields=["project", "aspect", "sort_key"], name="obligation_by_aspect"),
        ),
        migrations.AddIndex(
            model_name="obligation",
            index=models.Index(fields=["project", "responsible_role", "sort_key"], name="obligation_by_role"),
        ),
    ]
