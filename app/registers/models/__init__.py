"""Projects, the approvals they hold and the words that an organisation uses for its obligations."""

from registers.models.mechanisms import Condition, DayCount, Mechanism, MechanismVersion, RollPolicy
from registers.models.people import Invitation
from registers.models.projects import Holiday, Milestone, Project, ProjectMembership, ProjectPhase
from registers.models.terms import Aspect, ObligationType, Party, Phase, Procedure, ResponsibleRole, Term, Word

__all__ = [
    "Aspect",
    "Condition",
    "DayCount",
    "Holiday",
    "Invitation",
    "Mechanism",
    "MechanismVersion",
    "Milestone",
    "ObligationType",
    "Party",
    "Phase",
    "Procedure",
    "Project",
    "ProjectMembership",
    "ProjectPhase",
    "ResponsibleRole",
    "RollPolicy",
    "Term",
    "Word",
]
