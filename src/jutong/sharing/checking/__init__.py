"""The authority checks a request before its provider receives it, where a rule of the place sets that stage."""

from .acts import escalate_prechecks, pass_precheck, return_precheck

__all__ = ["escalate_prechecks", "pass_precheck", "return_precheck"]
