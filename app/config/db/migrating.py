"""Operations for migrations."""

from __future__ import annotations

from django.db import connections, migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import ProjectState


class DropOwnIndex(migrations.AlterField):
    """Take the index of its own from a foreign key: another index begins with its column.

    As an altered field it would cost SQLite a copy of the table, and the table its triggers.
    """

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        model: type[models.Model] = to_state.apps.get_model(app_label, self.model_name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        column = next(field.column for field in model._meta.concrete_fields if field.name == self.name)
        connection = connections[schema_editor.connection.alias]
        with connection.cursor() as cursor:
            found = connection.introspection.get_constraints(cursor, model._meta.db_table)
        for name, one in found.items():
            if one["index"] and not one["unique"] and one["columns"] == [column]:
                schema_editor.execute(f"DROP INDEX {schema_editor.quote_name(name)}")

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        model: type[models.Model] = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            name = f"{self.model_name}_{self.name}_own"[:30]
            schema_editor.add_index(model, models.Index(fields=[self.name], name=name))
