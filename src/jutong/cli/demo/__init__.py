"""The demonstration: a made register, and the walk of one record through three tiers."""

from . import command

__all__ = ["command"]
