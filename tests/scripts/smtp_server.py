"""A mail server that prints what it takes, one JSON object a line, and does as the receiver's name says.

    smtp_server.py plain|starttls|tls [CERTIFICATE KEY]

Receivers: rcpt451@, rcpt554@ are answered so at RCPT, data451@, data554@ after the mail; drop@ takes the mail and closes
before it answers; hang@ never answers. User "user" with password "pass word" may sign in.
"""

import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

mode = sys.argv[1]
context = None
if mode != "plain":
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        name = address.split("@")[0]
        if name.startswith("rcpt"):
            return f"{name[4:]} not this one"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        name = envelope.rcpt_tos[0].split("@")[0]
        print(json.dumps({"from": envelope.mail_from, "to": envelope.rcpt_tos, "helo": session.host_name,
                          "tls": session.ssl is not None or mode == "tls", "user": getattr(session, "auth_data", None),
                          "content": envelope.content.decode("latin-1")}), flush=True)
        if name.startswith("data"):
            return f"{name[4:]} not this text"
        if name == "drop":
            server.transport.abort()
        if name == "hang":
            await asyncio.sleep(3600)
        return "250 taken"


def check(server, session, envelope, mechanism, data):
    good = data.login == b"user" and data.password == b"pass word"
    return AuthResult(success=good, handled=False, auth_data="user" if good else None)


async def main():
    def protocol():
        return SMTP(Handler(), hostname="localhost", authenticator=check, auth_require_tls=False,
                    tls_context=context if mode == "starttls" else None)

    server = await asyncio.get_running_loop().create_server(
        protocol, "127.0.0.1", 0, ssl=context if mode == "tls" else None)
    print("listening on", server.sockets[0].getsockname()[1], file=sys.stderr, flush=True)
    await server.serve_forever()


asyncio.run(main())
