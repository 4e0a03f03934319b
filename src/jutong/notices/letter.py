"""A letter: one e-mail that tells a person what is new at the desk, without any row's value or anybody's name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from jutong.kernel.errors import Invalid
from jutong.kernel.text import Text, text

ADDRESS_LIMIT = 254
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=6)
TRIES = 12  # about two days
LINES = 20
_ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """To whom a letter goes, and its words."""

    to: str
    subject: str
    body: str


def checked_address(address: str) -> str:
    """Return an e-mail address as it may be written to, or refuse; nothing is an address too: no letters.

    >>> checked_address(" officer@example.gov.cn ")
    'officer@example.gov.cn'
    """
    address = address.strip()
    if address and (len(address) > ADDRESS_LIMIT or _ADDRESS.fullmatch(address) is None):
        raise Invalid(
            text("this is no e-mail address"), remedy=text("write one such as name@example.gov.cn, or leave it empty")
        )
    return address


def wait_after(tries: int) -> timedelta:
    """Return how long to wait after so many failures: it doubles, up to six hours.

    >>> [str(wait_after(tries)) for tries in (1, 2, 12)]
    ['0:01:00', '0:02:00', '6:00:00']
    """
    return min(FIRST_WAIT * (1 << (tries - 1)), LONGEST_WAIT)


def letter(to: str, told: Sequence[tuple[Text, str]], *, node: str, address: str, language: str) -> Envelope:
    """Return the letter about some notices: each with what happened, and the path of the page where one goes on."""
    lines = [
        f"- {words.said_in(language)}\n  {address}{path}" if address else f"- {words.said_in(language)}"
        for words, path in told[:LINES]
    ]
    if len(told) > LINES:
        lines.append(text("and {count} more", count=len(told) - LINES).said_in(language))
    closing = text("Sign in to go on. This message was written by a machine; do not answer it.").said_in(language)
    subject = text("{node}: {count} new notices for your desk", node=node, count=len(told)).said_in(language)
    return Envelope(to=to, subject=subject, body="\n".join([*lines, "", closing, ""]))
