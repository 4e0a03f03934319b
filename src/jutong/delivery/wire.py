"""A call as it stands on the wire: its limits, its fields, its digest, how it is refused and how it goes on record."""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import sha256, sha512
from urllib.parse import unquote_to_bytes

import msgspec

from jutong.kernel.errors import NO_TEXT, NotKnown, Unavailable
from jutong.kernel.text import DEFAULT_LANGUAGE, Text, preferred_language, text

from .refusal import Refusal

HEADERS_LIMIT = 16 * 1024  # bytes of names and values
BODY_LIMIT = 64 * 1024  # bytes
FIELD_LIMIT = 256  # characters in a field that goes on record
BATCH_LIMIT = 100  # keys in one verification
QUERY_BATCH_LIMIT = 1000  # keys in one query

STATUS: Mapping[str, int] = {
    "invalid": 400,
    "not-known": 401,
    "suspended": 403,
    "term": 403,
    "purpose": 403,
    "scope": 403,
    "grade": 403,
    "policy": 403,
    "suite": 403,
    "not-found": 404,
    "method": 405,
    "body-too-large": 413,
    "quota": 429,
    "too-much": 429,
    "headers-too-large": 431,
    "unavailable": 503,
    "shut": 503,
    "unreachable": 502,
    "failing": 502,
    "unlike": 502,
    "slow": 504,
}

# The fields that belong to a request, in the order in which its digest takes them.
_OWN = (
    b"content-digest",
    b"gjgxjhpt_rid",
    b"gjgxjhpt_rtime",
    b"gjgxjhpt_sid",
    b"gjgxjhpt_sign",
    b"information-mediator-client",
    b"jutong-agreement",
    b"jutong-purpose",
    b"signature",
    b"signature-input",
    b"x-client-id",
    b"x-nonce",
    b"x-road-client",
    b"x-road-id",
    b"x-road-issue",
    b"x-road-represented-party",
    b"x-road-security-server",
    b"x-road-userid",
    b"x-signature",
    b"x-timestamp",
)
_SHORT = frozenset(_OWN) - {b"signature", b"signature-input"}
_ONCE = frozenset({*_OWN, b"authorization", b"host", b"content-length"})
UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class Turned(Exception):
    """The call goes no further: here is why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


class Asked(msgspec.Struct, frozen=True):
    """A request: method, path and query as sent, fields by lower-case name, body."""

    method: str
    path: str
    query: str
    fields: Mapping[bytes, bytes]
    body: bytes = b""
    own: bytes = b""  # the request's own fields as its digest takes them, where they were spelled before
    peer: str = ""  # the address from which it came; behind a proxy, as the proxy tells it

    def field(self, name: bytes) -> str:
        """Return a field's value, empty if it is absent; anything but plain ASCII is refused."""
        value = self.fields.get(name)
        return "" if value is None else _words(name, value)

    @property
    def language(self) -> str:
        """The language in which to answer."""
        return _language(self.fields.get(b"accept-language", b"")[:FIELD_LIMIT])

    def digest(self) -> bytes:
        """Return X-Road's digest of the request: SHA-512 over the SHA-512 of its head and that of its body, if any.

        The head is the request line and the request's own fields, ``name: value``, each ended by CR LF, by name.
        """
        target = f"{self.path}?{self.query}" if self.query else self.path
        head = f"{self.method} {target}\r\n".encode() + (self.own or own_lines(self.fields))
        hashed = sha512(head).digest()
        return sha512(hashed + sha512(self.body).digest() if self.body else hashed).digest()


def own_lines(fields: Mapping[bytes, bytes]) -> bytes:
    """Return the request's own fields as its digest takes them."""
    return b"".join([name + b": " + fields[name] + b"\r\n" for name in _OWN if name in fields])


@lru_cache(maxsize=4096)
def _words(name: bytes, value: bytes) -> str:
    # Most calls of a system carry the same fields as its last one.
    if len(value) > FIELD_LIMIT and name in _SHORT:
        raise invalid(text("the field {field} is too long", field=name.decode()))
    words = value.decode("latin-1")
    if not (words.isascii() and words.isprintable()):
        raise invalid(text("the field {field} holds characters that no field may hold", field=name.decode()))
    return words.strip(" ")


def fields_of(pairs: Sequence[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Return the fields by name; too many bytes of them, or one twice that counts, are refused."""
    fields = dict(pairs)
    if len(fields) != len(pairs):
        if sum(len(name) + len(value) for name, value in pairs) > HEADERS_LIMIT:
            raise Turned(HEADERS_TOO_LARGE)
        names = [name for name, _ in pairs]
        for name in _ONCE:
            if names.count(name) > 1:
                raise invalid(text("the field {field} stands twice", field=name.decode()))
    if sum(map(len, fields)) + sum(map(len, fields.values())) > HEADERS_LIMIT:
        raise Turned(HEADERS_TOO_LARGE)
    return fields


def segments_of(path: str) -> list[str]:
    """Return the decoded parts of a path, or refuse one that is not UTF-8.

    >>> segments_of("/r1/%E9%87%8D%2F%E5%BA%86")
    ['', 'r1', '重/庆']
    """
    parts = path.split("/")
    if "%" not in path:
        return parts
    try:
        return [unquote_to_bytes(part).decode("utf-8") for part in parts]
    except UnicodeDecodeError as error:
        raise invalid(text("the path is not UTF-8 in percent-encoding")) from error


def invalid(reason: Text) -> Turned:
    """Return the refusal of a message that is not in the agreed form."""
    return Turned(Refusal("invalid", reason, text("the service's OpenAPI document"), text("correct the message")))


def not_known(reason: Text, basis: Text = NO_TEXT, remedy: Text = NO_TEXT) -> Turned:
    """Return the refusal of a caller who has not shown who it is."""
    return Turned(Refusal("not-known", reason, basis, remedy))


def no_sm2_key() -> NotKnown:
    """Return the refusal of a call by SM2 at a node that could not answer in kind."""
    return NotKnown(
        text("this node has no SM2 key, so it could not sign its answer"),
        remedy=text("have its administrators run `jutong migrate`, which makes one"),
    )


def unavailable(error: Unavailable) -> Turned:
    """Return the refusal that a failing neighbour of ours causes."""
    return Turned(Refusal("unavailable", error.reason, error.basis, error.remedy))


# One and the same answer for what does not exist and for what the caller may not learn of.
NOT_FOUND = Refusal(
    "not-found",
    text("there is no such service that you may use"),
    remedy=text("check the path; ask the provider for an agreement"),
)
NO_RECORD = Refusal("no-record", text("there is no record with this key in the agreed scope"))
HEADERS_TOO_LARGE = Refusal(
    "headers-too-large", text("the header fields are larger than {limit} bytes", limit=HEADERS_LIMIT)
)
BODY_TOO_LARGE = Refusal("body-too-large", text("the body is larger than {limit} bytes", limit=BODY_LIMIT))
WRONG_METHOD = Refusal("method", text("the path does not take this method"))


class Problem(msgspec.Struct):
    """A refusal as it is sent: X-Road's three words, and by which rule and what to do."""

    type: str
    message: str
    detail: str
    basis: str
    remedy: str


def problem(refusal: Refusal, language: str, detail: str = "") -> bytes:
    """Spell a refusal in the reader's language."""
    said = [words.said_in(language) if words else "" for words in (refusal.reason, refusal.basis, refusal.remedy)]
    return msgspec.json.encode(Problem(refusal.code, said[0], detail, said[1], said[2]))


class CallRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is kept of one call: never a key, a person or a value; fields stand by name, so this is canonical JSON.

    ``request`` and ``response`` are digests over the call's X-Road-Request-Id (a random number that only the two
    parties were told) and the message, so that nobody can find out by trying which key was asked for. ``withheld``
    names the policies that took items out or masked them; it is the last by name, and where there are none it is not
    written, as before there was such a field.
    """

    agreement: str
    at: str
    client: str
    code: str
    id: str
    issue: str
    purpose: str
    request: str
    response: str
    rows: int
    service: str
    subject: str
    user: str
    withheld: str = ""


encode_record = msgspec.json.Encoder().encode


def bound_digest(request_id: str, data: bytes) -> str:
    """Return the digest of a message for the record; whoever kept message and X-Road-Request-Id can make it again."""
    return sha256(b"%b\n%b" % (request_id.encode(), data)).hexdigest()


def spelled(digest: bytes) -> bytes:
    """Return a digest in base64, as X-Road writes it."""
    return b2a_base64(digest, newline=False)


@lru_cache(maxsize=256)
def _language(accepted: bytes) -> str:
    return preferred_language(accepted.decode("latin-1"), default=DEFAULT_LANGUAGE)
