"""What an address says of who may ask for it; `accounts.roles.PERMISSIONS` says who that is."""

from __future__ import annotations

from dataclasses import dataclass, field

from accounts.roles import PERMISSIONS, Role

# In place of a permission.
PUBLIC = "public"
SIGNED_IN = "signed in"


@dataclass(frozen=True)
class Rule:
    """An address, what it takes to be answered there, and the answer.

    Args:
        get: the permission that looking takes, PUBLIC or SIGNED_IN; None if the address answers no GET. Several
            permissions, divided by `|`, are alternatives. One that also exists as `….own` reaches whoever the object
            is assigned to.
        post: the same for acting.
        patch: the same for changing, which only programs ask for; without the state that was read the answer is 428.
        of: which object of the project the `pk` names; see `world.py`.
        at: the address's other parameters.
        query: what follows its `?`; `{occurrence}` stands for the key of that object.
        shows: the status that a permitted GET is answered with.
        does: the status that a permitted POST of nothing is answered with: what lacks a field is sent back.
        shared: whether the object belongs to the organisation, so that another project of it may know it.
    """

    get: str | None = None
    post: str | None = None
    patch: str | None = None
    of: str = ""
    at: dict[str, str] = field(default_factory=dict)
    query: str = ""
    shows: int = 200
    does: int = 422

    def needs(self, method: str) -> str | None:
        return {"GET": self.get, "POST": self.post, "PATCH": self.patch}[method]

    def answer(self, method: str) -> int:
        """Return the status that a permitted request is answered with."""
        return {"GET": self.shows, "POST": self.does, "PATCH": 428}[method]

    @property
    def reaches_own(self) -> bool:
        """Whether some may do here with what is their own that they may not do with what is others'."""
        needs = {one for need in (self.get, self.post, self.patch) if need for one in need.split("|")}
        return any(f"{need}.own" in PERMISSIONS for need in needs)


def holds(needs: str, roles: set[Role], *, own: bool) -> bool:
    """Return whether somebody with those roles is let through; of others' objects unless they are their own."""
    if needs in {PUBLIC, SIGNED_IN}:
        return True
    names = set(needs.split("|"))
    names |= {f"{name}.own" for name in names} if own else set()
    known = names & PERMISSIONS.keys()
    if not known and not any(f"{name}.own" in PERMISSIONS for name in names):
        raise LookupError(f"No permission is called {needs}")
    return any(roles & PERMISSIONS[name] for name in known)
