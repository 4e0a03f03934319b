"""Policies in Cedar's syntax and semantics: read to a tree, checked by a schema, compiled to closures and to SQL.

Nouns: Policy, Entity, Uid, Request, Decision, Residual, Schema. Nothing here reads or writes anything.
"""

from .authorise import Compiled, Decision, compiled, decide, slice_of
from .check import Schema, faults_of
from .evaluate import Request
from .many import OfMany
from .parse import parse
from .residual import Residual, residual_of
from .rows import row_faults, row_sql, view_faults
from .tree import Effect, Policy
from .values import Entity, Record, Set, Uid, Value

__all__ = [
    "Compiled",
    "Decision",
    "Effect",
    "Entity",
    "OfMany",
    "Policy",
    "Record",
    "Request",
    "Residual",
    "Schema",
    "Set",
    "Uid",
    "Value",
    "compiled",
    "decide",
    "faults_of",
    "parse",
    "residual_of",
    "row_faults",
    "row_sql",
    "slice_of",
    "view_faults",
]
