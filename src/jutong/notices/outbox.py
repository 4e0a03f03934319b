"""Letters leave the house: over SMTP, each at least once, later and later while nobody takes them."""

from __future__ import annotations

import os
import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from jutong import access
from jutong.desk import House
from jutong.kernel.db import connection, transaction
from jutong.kernel.errors import Unavailable
from jutong.kernel.settings import Mail
from jutong.kernel.text import text

from . import store
from .letter import Envelope, letter
from .notice import Notice
from .wording import path_of, wording

PASSWORD = "JUTONG_MAIL_PASSWORD"  # noqa: S105 - the name of the variable, not a password
SECONDS = 20
HELD = timedelta(minutes=10)  # a process that died while sending holds its letters up so long


def send_due(house: House) -> int:
    """Send what waits in the outbox, one letter a person, and return how many went; nothing where no mail is set up."""
    mail = house.home.settings.mail
    if not mail.host:
        return 0
    with transaction(house.engine) as db:
        due = store.take_due(db, house.clock(), again=house.clock() + HELD)
    if not due:
        return 0
    try:
        with _server(mail) as server:
            return sum(_sent(house, server, mail, person, told) for person, told in due.items())
    except (OSError, smtplib.SMTPException) as error:
        with transaction(house.engine) as db:
            for person, told in due.items():
                store.not_sent(db, person, [one.line for one in told], house.clock())
        raise Unavailable(
            text("the mail server {host} does not take letters", host=mail.host),
            remedy=text("check [mail] in jutong.toml, and the password in the environment"),
        ) from error


def _sent(house: House, server: smtplib.SMTP, mail: Mail, person: str, told: Sequence[Notice]) -> bool:
    lines = [one.line for one in told]
    with connection(house.engine) as db:
        to, account = store.address_of(db, person), access.find_account(db, person)
    settings = house.home.settings
    language = (account.language if account else None) or settings.language
    worded = [(wording(one), path_of(one)) for one in told]
    envelope = letter(to, worded, node=settings.name, address=settings.address, language=language)
    try:
        server.send_message(_message(envelope, mail, house))
    except smtplib.SMTPRecipientsRefused:
        with transaction(house.engine) as db:
            store.not_sent(db, person, lines, house.clock())
        return False
    with transaction(house.engine) as db:
        store.sent(db, person, lines, house.clock())
    return True


def _message(envelope: Envelope, mail: Mail, house: House) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = mail.sender, envelope.to, envelope.subject
    message["Date"] = format_datetime(house.clock())
    message["Message-ID"] = make_msgid(domain=mail.sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(envelope.body)
    return message


@contextmanager
def _server(mail: Mail) -> Iterator[smtplib.SMTP]:
    context = ssl.create_default_context()
    made = (
        smtplib.SMTP_SSL(mail.host, mail.port, timeout=SECONDS, context=context)
        if mail.tls == "tls"
        else smtplib.SMTP(mail.host, mail.port, timeout=SECONDS)
    )
    with made as server:
        if mail.tls == "starttls":
            server.starttls(context=context)
        if mail.user:
            server.login(mail.user, os.environ.get(PASSWORD, ""))
        yield server
