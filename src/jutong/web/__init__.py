"""Faces for people and programs over HTTP; no decision is taken here."""

from .build import Faces, build, document

__all__ = ["Faces", "build", "document"]
