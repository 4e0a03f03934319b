"""The provider's answer."""

from .acts import answer_unconditional, approve, refuse

__all__ = ["answer_unconditional", "approve", "refuse"]
