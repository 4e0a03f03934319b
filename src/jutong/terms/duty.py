"""What a post is there to do; the guard decides by duties, never by names."""

from __future__ import annotations

from enum import StrEnum


class Duty(StrEnum):
    """The duties that a body gives to its posts (Order 809, arts 8-11, 20; administrators: GB/T 22239 level 3)."""

    CATALOGUE = "catalogue"  # fills in and submits catalogue entries (sharing office)
    DEPARTMENT_HEAD = "department-head"  # signs entries before they are submitted (art. 13)
    OFFICE_HEAD = "office-head"  # head of the sharing office: signs requests and answers (art. 20)
    REGISTER_AUDIT = "register-audit"  # the authority's first audit of an entry
    PUBLISH_AUDIT = "publish-audit"  # the authority's second audit: publication
    COLLECTION = "collection"  # brings rows in
    GOVERNANCE = "governance"  # rules, findings, objections, golden records
    REQUESTS = "requests"  # files share requests and keeps use records
    ANSWERS = "answers"  # prepares answers to share requests
    OVERSIGHT = "oversight"  # reads scorecards and escalations of the whole tier
    SYSTEM_ADMIN = "system-admin"  # bodies, posts, systems, nodes
    SECURITY_ADMIN = "security-admin"  # credentials, keys, clearances
    AUDIT_ADMIN = "audit-admin"  # reads the ledger; can do nothing else
    HOUSE = "house"  # the node itself: what follows from what was done
    PEER = "peer"  # a neighbour tier's node
    SYSTEM = "system"  # an information system of a body, which signs what it sends
    ONESELF = "oneself"  # whoever has signed in, about the own way in: password, sessions, delegations


# What no post is given: these act by a key or a session of their own.
NOT_OF_POSTS = frozenset({Duty.HOUSE, Duty.PEER, Duty.SYSTEM, Duty.ONESELF})
ADMINISTRATORS = frozenset({Duty.SYSTEM_ADMIN, Duty.SECURITY_ADMIN, Duty.AUDIT_ADMIN})
