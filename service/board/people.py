"""Who may do what: the people and roles of the settings, apart from when a model may change its state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from contracts import RefusedAction, Role, Settings, name_key

EVERY_ROLE: frozenset[Role] = frozenset({"proposer", "approver", "administrator"})

PERMISSIONS: Mapping[str, frozenset[Role]] = {
    "propose": frozenset({"proposer"}),
    "approve": frozenset({"approver"}),
    "override": frozenset({"approver"}),
    "reject": frozenset({"approver"}),
    "withdraw": frozenset({"approver", "administrator"}),
    "reply": EVERY_ROLE,
    "decide": frozenset({"approver"}),
}
"""Action → the roles that may take it. To open a challenge needs no role: anyone may."""


@dataclass(frozen=True)
class Person:
    """Somebody who acts, by name: given on the command line, or signed in. ``roles`` is what the settings give them."""

    name: str
    roles: frozenset[Role]

    def is_same_as(self, name: str | None) -> bool:
        """Whether a recorded name is this person's, whatever its case and spaces."""
        return name is not None and name_key(name) == name_key(self.name)


def person_named(settings: Settings, name: str, *, option: str = "--by") -> Person:
    """The person of that name with their roles; every role where the settings name no people.

    Raises ``RefusedAction`` for an empty name.
    """
    if not name_key(name):
        raise RefusedAction("This needs the name of a person.", remedy=f"Give it with {option} NAME.")
    if not settings.people:
        return Person(" ".join(name.split()), EVERY_ROLE)
    for known, roles in settings.people.items():
        if name_key(known) == name_key(name):
            return Person(known, frozenset(roles))
    return Person(" ".join(name.split()), frozenset())


def refuse_unless_may(person: Person, action: str) -> Role:
    """The role in which the person takes the action; raises ``RefusedAction`` where none of theirs may."""
    needed = PERMISSIONS[action]
    held = sorted(needed & person.roles)
    if not held:
        raise RefusedAction(
            f"{person.name} may not {action}: that is for {_either(needed)}.",
            remedy="Ask somebody with that role, or change [people] in wardcast.toml.",
        )
    return held[0]


def reason_given(reason: str) -> str:
    """The reason without spaces around it; raises ``RefusedAction`` for an empty one."""
    if not reason.strip():
        raise RefusedAction("This needs a reason, which is kept.", remedy="Give it with --reason TEXT.")
    return reason.strip()


def _either(roles: frozenset[Role]) -> str:
    return " or ".join(f"an {role}" if role[0] in "aeiou" else f"a {role}" for role in sorted(roles))
