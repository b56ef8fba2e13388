"""Recomputes the signature of every request with botocore, and refuses those that differ.

    sigv4_oracle.py ACCESS SECRET REGION [CERTIFICATE KEY]

GET /__log answers a line for each: "METHOD TARGET ok", or what is wrong in place of "ok".
"""

import hashlib
import ssl
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

ACCESS, SECRET, REGION = sys.argv[1:4]
log = []


def what_is_wrong(method, target, headers, body):
    names = [name.lower() for name in headers.keys()]
    given = headers.get("Authorization", "")
    if not given.startswith("AWS4-HMAC-SHA256 "):
        return "no signature"
    parts = dict(part.strip().split("=", 1) for part in given.split(" ", 1)[1].split(","))
    signed = parts["SignedHeaders"].split(";")
    if signed != sorted(signed):
        return "signed headers are not in order"
    unsigned = [n for n in names if (n == "host" or n.startswith("x-amz-")) and n not in signed]
    if unsigned:
        return f"{unsigned} not signed"
    twice = [n for n in signed if names.count(n) != 1]
    if twice:
        return f"{twice} not sent exactly once"
    if headers["x-amz-content-sha256"] != hashlib.sha256(body).hexdigest():
        return "another body's hash"
    if target.partition("?")[2] != "&".join(sorted(target.partition("?")[2].split("&"))):
        return "query is not in order"
    auth = S3SigV4Auth(Credentials(ACCESS, SECRET), "s3", REGION)
    request = AWSRequest(method, f"http://{headers['Host']}{target}", {n: headers[n] for n in signed}, body)
    request.context["timestamp"] = headers["x-amz-date"]
    expected = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
    if parts["Credential"] != f"{ACCESS}/{headers['x-amz-date'][:8]}/{REGION}/s3/aws4_request":
        return "another scope"
    return "ok" if expected == parts["Signature"] else "another signature"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65536  # an answer in one piece: two would wait for each other's acknowledgement

    def handle_expect_100(self):
        go_on = super().handle_expect_100()
        self.wfile.flush()
        return go_on

    def log_message(self, *args):
        pass

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/__log":
            return self.send(200, "\n".join(log))
        verdict = what_is_wrong(self.command, self.path, self.headers, body)
        token = "token " if "x-amz-security-token" in self.headers else ""
        log.append(f"{self.command} {self.path} {token}{verdict}")
        if verdict != "ok":
            return self.send(403, "<Error><Code>SignatureDoesNotMatch</Code></Error>")
        self.send(200, "<Answer><UploadId>a/b+c=d e</UploadId></Answer>")

    def send(self, status, text):
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", "0" if self.command == "HEAD" else str(len(data)))
        self.send_header("ETag", '"0"')
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = answer


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
if len(sys.argv) > 4:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[4], sys.argv[5])
    server.socket = context.wrap_socket(server.socket, server_side=True)
print("listening on", server.server_address[1], file=sys.stderr, flush=True)
server.serve_forever()
