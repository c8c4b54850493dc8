"""A mail server for tests: it keeps what it takes, or fails in the way that the receiver's name asks for.

It writes what happens to its standard output, a line each: first the port, then the first word of each command, what
became of a mail, and the end of each connection. It ends when its standard input ends.

Receivers: unknown@ is refused; full@ is refused with its mail; busy2@ is taken at the third time; drop1@ loses the
connection once; hang1@ gets no answer once. Without a number it is so for ever.
"""

import argparse
import asyncio
import logging
import pathlib
import re
import ssl
import sys
import warnings
from collections import Counter

from aiosmtpd.smtp import SMTP, AuthResult


def say(line):
    print(line, flush=True)


class Log(logging.Handler):
    """Aiosmtpd tells of each command line and of each connection's end."""

    def emit(self, record):
        if record.msg == "%r >> %r":
            say(record.args[1].split()[0].decode())
        elif record.msg == "%r connection lost":
            say("closed")


class Keeper:
    def __init__(self, folder):
        self.folder = folder
        self.times = Counter()
        self.count = 0

    def trouble(self, receiver):
        found = re.match(r"(unknown|full|busy|drop|hang)(\d*)@", receiver)
        if not found:
            return None
        self.times[receiver] += 1
        if found[2] and self.times[receiver] > int(found[2]):
            return None
        return found[1]

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("unknown@"):
            return f"550 5.1.1 <{address}>: there is nobody of this name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        trouble = self.trouble(envelope.rcpt_tos[0])
        self.count += 1
        path = self.folder / f"{self.count}-{trouble or 'kept'}.eml"
        path.write_bytes(envelope.content)
        say(f"{trouble or 'kept'} from {envelope.mail_from} to {','.join(envelope.rcpt_tos)}")
        if trouble == "full":
            return "552 5.2.3 the mail is larger than this mailbox takes"
        if trouble == "busy":
            return "451 4.3.0 come again later"
        if trouble == "drop":
            server.transport.abort()
        if trouble in ("drop", "hang"):
            await asyncio.Event().wait()
        return "250 OK"


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("security", choices=["tls", "starttls", "none"])
    arguments.add_argument("folder", type=pathlib.Path)
    arguments.add_argument("--certificate", required=True)
    arguments.add_argument("--key", required=True)
    arguments.add_argument("--login", required=True)
    arguments.add_argument("--password", required=True)
    given = arguments.parse_args()
    # It takes a login over TLS from the first byte for one without TLS.
    warnings.simplefilter("ignore", UserWarning)
    logging.getLogger("mail.log").addHandler(Log())
    logging.getLogger("mail.log").setLevel(logging.INFO)
    logging.getLogger("mail.log").propagate = False
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(given.certificate, given.key)
    keeper = Keeper(given.folder)

    def authenticate(server, session, envelope, mechanism, data):
        right = data.login == given.login.encode() and data.password == given.password.encode()
        return AuthResult(success=right, handled=False)

    async def serve():
        loop = asyncio.get_running_loop()

        def connection():
            return SMTP(
                keeper,
                hostname="mail.example.com",
                tls_context=tls if given.security == "starttls" else None,
                require_starttls=given.security == "starttls",
                authenticator=authenticate,
                auth_required=True,
                auth_require_tls=given.security == "starttls",
                loop=loop,
            )

        wrapped = tls if given.security == "tls" else None
        server = await loop.create_server(connection, "127.0.0.1", 0, ssl=wrapped)
        say(server.sockets[0].getsockname()[1])
        await loop.run_in_executor(None, sys.stdin.read)

    asyncio.run(serve())


main()
