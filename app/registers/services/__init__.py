"""Every change of projects, mechanisms and vocabularies that moves no due date; those are in `obligations.services`."""

from registers.services.projects import project_create
from registers.services.terms import term_ensure

__all__ = ["project_create", "term_ensure"]
