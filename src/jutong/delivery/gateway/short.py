"""The short way of a query like one that was judged before: only quota, key and row are new."""

from __future__ import annotations

from hashlib import sha256, sha512

import msgspec

from jutong.kernel.errors import Unavailable

from ..plan import ANSWERED
from ..wire import NO_RECORD, NOT_FOUND, UUID, Asked, CallRecord, Turned, encode_record, problem, spelled
from .alike import Found
from .case import Case
from .desks import Desks, row_of
from .head import OF_THE_ANSWER
from .instant import Instant
from .naming import Naming


class Short(msgspec.Struct, gc=False):
    """An answer that may leave as soon as its record is written."""

    found: Found
    at: Instant
    id: str
    request_id: str
    request_hash: bytes
    record: bytes
    status: int
    values: tuple[bytes, ...]
    body: bytes

    @property
    def waits(self) -> bool:
        """Say whether the record must be on disk first."""
        return self.found.place.waits

    @property
    def head(self) -> bytes:
        """The head as it is written."""
        return self.found.place.heads[self.status] % self.values

    @property
    def pairs(self) -> list[tuple[bytes, bytes]]:
        """The fields of the head."""
        return [*self.found.place.lasting, *zip(OF_THE_ANSWER, self.values, strict=True)]

    def case(self) -> Case:
        """Return the call as the long way has it."""
        found, place = self.found, self.found.place
        purpose, plan, service = found.alike.purpose, place.plan, place.service
        return Case(
            self.id,
            self.request_id,
            found.alike.client,
            self.at,
            request_hash=self.request_hash,
            purpose=purpose,
            plan=plan,
            service=service,
            alg=found.alike.alg,
        )


def answered(desks: Desks, naming: Naming, found: Found, at: Instant) -> Short | None:
    """Return the answer to a call that is allowed; None, with nothing counted, means that it goes the long way."""
    alike, place = found.alike, found.place
    road_id, user, issue = b"", "", ""
    try:
        if found.fields is not None:
            road_id, user, issue = _of_the_call(desks, found.asked)
        row = row_of(desks, place.plan, place.service, found.key, place.plan.read, place.kept)
    except (Turned, Unavailable):
        return None
    plan = place.plan
    if not desks.counters.take(plan.agreement, at.day, 1, plan.quota_per_day):
        return None
    call, request_id = naming.call_id(at.milliseconds), naming.request_id()
    if row is None:
        status, body = 404, problem(NO_RECORD, found.asked.language, call)
    else:
        status, body = 200, plan.shape.record(row)
    spelled_id = request_id.encode()
    if found.fields is None:
        request = sha512(sha512(b"GET %b\r\n%b" % (found.target, alike.own)).digest()).digest()
    else:
        request = found.asked.digest()
    record = CallRecord(
        plan.agreement,
        at.spelled,
        alike.client.name,
        ANSWERED,
        call,
        issue,
        alike.purpose,
        sha256(b"%b\n%b" % (spelled_id, request)).hexdigest(),
        sha256(b"%b\n%b" % (spelled_id, body)).hexdigest(),
        0 if row is None else 1,
        place.service.path,
        desks.pseudonym(found.key),
        user,
        plan.withheld,
    )
    values = (b"%d" % len(body), road_id or spelled_id, spelled_id, spelled(request), call.encode())
    return Short(found, at, call, request_id, request, encode_record(record), status, values, body)


def _of_the_call(desks: Desks, asked: Asked) -> tuple[bytes, str, str]:
    road_id = asked.field(b"x-road-id")
    if road_id and UUID.fullmatch(road_id) is None:
        raise Turned(NOT_FOUND)  # the long way tells why
    user, issue = asked.field(b"x-road-userid"), asked.field(b"x-road-issue")
    return road_id.encode(), desks.pseudonym(user.encode()), desks.pseudonym(issue.encode())
