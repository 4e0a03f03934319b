"""Faces for people and programs over HTTP; no decision is taken here."""

from .build import build

__all__ = ["build"]
