"""Passwords: what a good one is, and how one is kept so that a thief of the database cannot read it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from jutong.kernel.errors import Invalid
from jutong.kernel.text import Text, text

SHORTEST, LONG_ENOUGH, LONGEST = 10, 16, 128
CLASSES = 3  # of lower case, upper case, digits and all else
DIFFERENT = 5  # different characters
REMEMBERED = 3  # passwords before this one that may not come back
BASIS = text("GB/T 22239-2019 level 3, identification; passwords have length, variety and an end")

# OWASP's second choice for Argon2id: 19 MiB, two passes, one lane.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, hash_len=32, salt_len=16)
# A flood of sign-ins waits in line: it must eat neither the machine's memory nor all of its cores.
_AT_ONCE = BoundedSemaphore(4)
# Nobody's: an account that does not exist takes as long to refuse as one that does.
NOBODYS = _HASHER.hash("nobody has this password")

# What remains of a guessable password when digits and signs are taken off or read as letters.
_GUESSED = frozenset(
    """
    a aa aaa ab abc abcd abcde abcdef abcdefg abcdefgh admin administrator asdf asdfg asdfgh asdfghjkl changeme
    changme china chongqing default dragon gov government guest hello huawei iloveyou jutong letmein login love
    manager master monkey nihao office passw password passwd pass p pw qaz qazwsx qazwsxedc qwaszx qwe qweasd
    qweasdzxc qwer qwert qwerty qwertyui qwertyuiop root secret security super superman supervisor sysadmin system
    test tester user welcome woaini woainizhongguo zaq zaqwsx zhongguo zxc zxcv zxcvb zxcvbn zxcvbnm
    """.split()  # noqa: SIM905 - read more easily than a list
)
_AS_LETTERS = str.maketrans("013457@$!|", "oieastasil")
_WALKS = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "abcdefghijklmnopqrstuvwxyz", "1qaz2wsx3edc4rfv5tgb")


def hashed(password: str) -> str:
    """Return what is kept of a password: Argon2id with its parameters and salt (PHC string)."""
    with _AT_ONCE:
        return _HASHER.hash(_normal(password))


def verified(kept: str, password: str) -> bool:
    """Say whether ``password`` is the one that is kept; takes tens of milliseconds either way."""
    try:
        with _AT_ONCE:
            return _HASHER.verify(kept, _normal(password[: LONGEST * 4]))
    except (VerificationError, InvalidHashError):
        return False


def outdated(kept: str) -> bool:
    """Say whether a password was kept with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(kept)


def checked_password(password: str, *, account: str, name: str = "") -> str:
    """Return a password that may be used, or refuse it and say all that is missing at once.

    >>> checked_password("Sommer2026", account="li")
    'Sommer2026'
    >>> checked_password("Admin@123456", account="li")
    Traceback (most recent call last):
    jutong.kernel.errors.Invalid: this password will not do: it is one that is guessed first
    """
    faults = list(_faults(_normal(password), account.lower(), name.lower()))
    if faults:
        said = faults[0]
        for fault in faults[1:]:
            said = text("{one}; {other}", one=said, other=fault)
        raise Invalid(
            text("this password will not do: {faults}", faults=said),
            basis=BASIS,
            remedy=text("take four words that do not belong together, or ten characters of three kinds"),
        )
    return password


def refuse_repeated(password: str, kept: Iterable[str]) -> None:
    """Refuse a password that was used before."""
    if any(verified(one, password) for one in kept if one):
        raise Invalid(
            text("this password was used before; the last {count} may not come back", count=REMEMBERED),
            basis=BASIS,
            remedy=text("choose another"),
        )


def _faults(password: str, account: str, name: str) -> Iterable[Text]:
    if not SHORTEST <= len(password) <= LONGEST:
        yield text(
            "it has {count} characters; {least} to {most} are taken", count=len(password), least=SHORTEST, most=LONGEST
        )
    if any(unicodedata.category(letter) in ("Cc", "Cs", "Co", "Cn") for letter in password):
        yield text("it holds a character that cannot be typed")
    kinds = sum(re.search(kind, password) is not None for kind in ("[a-z]", "[A-Z]", "[0-9]", "[^a-zA-Z0-9]"))
    if len(password) < LONG_ENOUGH and kinds < CLASSES:
        yield text(
            "under {long} characters it needs three of: small letters, capitals, digits, signs", long=LONG_ENOUGH
        )
    lower = password.lower()
    if (len(account) > 2 and account in lower) or (len(name) > 1 and name in lower):
        yield text("it holds the account or the name")
    if len(set(password)) < DIFFERENT or _guessed(lower):
        yield text("it is one that is guessed first")


def _guessed(lower: str) -> bool:
    core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", lower)  # a year or three signs at the end make no secret of it
    bare, read = re.sub("[^a-z]", "", lower), re.sub("[^a-z]", "", core.translate(_AS_LETTERS))
    if lower.isascii() and len(lower) < LONG_ENOUGH and {bare, read} & _GUESSED:
        return True
    letters = re.sub("[^a-z0-9]", "", lower)
    return lower.isascii() and any(letters in walk or letters in walk[::-1] for walk in _WALKS)


def _normal(password: str) -> str:
    # One password typed on two keyboards is one password (RFC 8265, OpaqueString); half a character is not UTF-8.
    return unicodedata.normalize("NFC", password).encode("utf-8", "replace").decode()
