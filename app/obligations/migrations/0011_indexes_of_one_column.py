import django.db.models.deletion
from config.db.migrating import DropOwnIndex
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("registers", "0005_retired_words"),
        ("obligations", "0010_four_eyes"),
    ]

    operations = [
        DropOwnIndex(
            model_name="importrow",
            name="batch",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="rows",
                to="obligations.importbatch",
            ),
        ),
        DropOwnIndex(
            model_name="obligation",
            name="mechanism",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="obligations",
                to="registers.mechanism",
                verbose_name="environmental mechanism",
            ),
        ),
        DropOwnIndex(
            model_name="obligation",
            name="project",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="obligations",
                to="registers.project",
            ),
        ),
        DropOwnIndex(
            model_name="obligation",
            name="responsible_person",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        DropOwnIndex(
            model_name="occurrence",
            name="assigned_to",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="occurrences",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        DropOwnIndex(
            model_name="occurrence",
            name="obligation",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="occurrences",
                to="obligations.obligation",
            ),
        ),
        DropOwnIndex(
            model_name="occurrence",
            name="project",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="occurrences",
                to="registers.project",
            ),
        ),
    ]
