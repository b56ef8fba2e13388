"""Stands before an HTTP server and spoils chosen requests.

    fault_proxy.py UPSTREAM_PORT

GET /__fault/KIND/AT/COUNT spoils requests AT to AT+COUNT-1 (from 1) of those that come after it; GET /__count answers
how many came. Kinds:
    500, 503, 409   answered so, and not passed on
    error_in_200    a 200 whose body is an <Error>, not passed on
    hang            read and never answered
    reset_before    the connection is reset, not passed on
    reset_after     passed on, and the connection reset instead of the answer
    cut             passed on, and half of the answer's body (of its head, without one) comes back
    none            none is spoilt
"""

import asyncio
import socket
import struct
import sys

ERRORS = {
    "500": ("500 Internal Server Error", "InternalError"),
    "503": ("503 Slow Down", "SlowDown"),
    "409": ("409 Conflict", "OperationAborted"),
    "error_in_200": ("200 OK", "InternalError"),
}


class Proxy:
    def __init__(self, upstream):
        self.upstream = upstream
        self.kind, self.at, self.count, self.seen = "none", 0, 0, 0

    def control(self, path):
        if path.startswith("/__fault/"):
            _, _, self.kind, at, count = path.split("/")
            self.at, self.count, self.seen = int(at), int(count), 0
        return str(self.seen).encode()

    async def client(self, reader, writer):
        try:
            while await self.request(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def request(self, reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        method, path, _ = lines[0].split(" ")
        headers = [line for line in lines[1:] if line]
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in headers)}
        if path.startswith("/__"):
            body = self.control(path)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            await writer.drain()
            return True

        self.seen += 1
        kind = self.kind if self.at <= self.seen < self.at + self.count else "none"
        if kind == "reset_before":
            return reset(writer)
        if "expect" in fields:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await reader.readexactly(int(fields.get("content-length", "0")))
        if kind == "hang":
            await reader.read()
            return False
        if kind in ERRORS:
            await answer_error(writer, method, *ERRORS[kind])
            return True
        kept = [line for line in headers if line.split(":")[0].lower() not in ("expect", "connection")]
        answer = await self.ask("\r\n".join([lines[0], *kept, "Connection: close", "", ""]).encode("latin-1") + body)
        if kind == "reset_after":
            return reset(writer)
        if kind == "cut":
            end = answer.index(b"\r\n\r\n") + 4
            answer = answer[: (end + len(answer)) // 2 if len(answer) > end else end // 2]
        writer.write(answer)
        await writer.drain()
        return False

    async def ask(self, request):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.upstream)
        try:
            writer.write(request)
            await writer.drain()
            return await reader.read()
        finally:
            writer.close()


def reset(writer):
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
    return False


async def answer_error(writer, method, status, code):
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>spoilt</Message></Error>".encode()
    length = 0 if method == "HEAD" else len(body)
    writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n".encode() + body[:length])
    await writer.drain()


async def main():
    proxy = Proxy(int(sys.argv[1]))
    server = await asyncio.start_server(proxy.client, "127.0.0.1", 0, limit=1 << 20)
    print("listening on", server.sockets[0].getsockname()[1], file=sys.stderr, flush=True)
    await server.serve_forever()


asyncio.run(main())
