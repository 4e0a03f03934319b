"""Why something did not happen: three families, told apart by who must act next."""

from __future__ import annotations

from .text import Text, plain, text

NO_TEXT = Text("")


class _Said(Exception):
    """What the two families that speak to people have in common: reason, basis, remedy, stable code."""

    code = "said"

    def __init__(self, reason: Text | str, *, basis: Text | str = NO_TEXT, remedy: Text | str = NO_TEXT) -> None:
        super().__init__(str(reason))
        self.reason, self.basis, self.remedy = _words(reason), _words(basis), _words(remedy)


class Refused(_Said):
    """The answer is no. The asker can put it right; nothing is broken."""

    code = "refused"


class NotAllowed(Refused):
    """This actor may not do this act on this thing."""

    code = "not-allowed"


class NotSure(NotAllowed):
    """This actor may do it, but has not shown surely enough who it is: a second factor opens the way."""

    code = "not-sure"


class NotKnown(Refused):
    """The caller has not shown who it is: no credential, a forged, stale, replayed or re-targeted one."""

    code = "not-known"


class NotFound(Refused):
    """There is no such thing, or this actor may not learn that there is; ``kind`` is a word to be translated."""

    code = "not-found"

    def __init__(self, kind: str, key: object) -> None:
        super().__init__(
            text("there is no {kind} {key} that you may see", kind=Text(kind), key=key),
            remedy=text("check the identifier, or ask the body that owns it"),
        )


class WrongMoment(Refused):
    """The thing is not in a state from which this act can start."""

    code = "wrong-moment"


class Overtaken(WrongMoment):
    """Somebody else changed the thing after it was shown to the one who wants to change it now."""

    code = "overtaken"

    def __init__(self) -> None:
        super().__init__(
            text("this was changed after it was shown to you; nothing was overwritten"),
            basis=text("nobody's work is lost: a change is made to what was seen"),
            remedy=text("read what stands now, then save again: what you typed is still here"),
        )


class Invalid(Refused):
    """What was handed in does not have the form or the values that the rule asks for."""

    code = "invalid"


class TooMuch(Refused):
    """A quota, a rate or a size limit is used up."""

    code = "too-much"


class Unavailable(_Said):
    """A neighbour (source, peer, engine, disk) did not answer. Asking again later may help."""

    code = "unavailable"


def _words(words: Text | str) -> Text:
    return words if isinstance(words, Text) else plain(words) if words else NO_TEXT
