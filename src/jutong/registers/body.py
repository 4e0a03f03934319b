"""A body's entry in the register: its code must be sound and its name readable."""

from __future__ import annotations

import re
from dataclasses import replace

from jutong.kernel.errors import Invalid
from jutong.kernel.text import text
from jutong.terms.identifier import credit_code_fault
from jutong.terms.org import Org

from .naming import checked_name


def checked_body(org: Org) -> Org:
    """Return the body as it may stand in the register, or refuse it."""
    fault = credit_code_fault(org.code)
    if fault is not None:
        raise Invalid(
            text("the body's unified social credit code is wrong: {fault}", fault=fault.value),
            basis=text("GB 32100-2015; GB 11714-1997"),
            remedy=text("copy the 18 characters from the body's certificate"),
        )
    if re.fullmatch("[1-9][0-9]{5}", org.division) is None:
        raise Invalid(text("a division is six digits"), basis=text("GB/T 2260"))
    short = checked_name(org.short_name, field=text("the short name"), most=40) if org.short_name else ""
    return replace(org, name=checked_name(org.name, field=text("the body's name")), short_name=short)
