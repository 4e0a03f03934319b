"""Faces for people and programs over HTTP; no decision is taken here."""

from .build import build, document

__all__ = ["build", "document"]
