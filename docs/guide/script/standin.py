"""Stands in for the internet: answers as the searches of Wikimedia Commons and Openverse do, with photographs of foods.

Only what winnow-scrape asks for is there. Creator and licence of its answers are made up, as the searches have them for every
picture; the photographs are those of the demo.
"""
import http.server
import json
import pathlib
import ssl
import sys
import urllib.parse

# Any public addresses will do: they exist in a network of their own, which leads nowhere.
HOSTS = {"commons.wikimedia.org": "208.80.154.224", "upload.wikimedia.org": "208.80.154.240",
         "api.openverse.org": "192.0.66.221", "live.staticflickr.com": "3.164.206.10"}
# The first letter of a file's name is the food group.
GROUPS = {"fruit": "E", "fish": "PS"}
EACH = 60


class Searches(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    photographs = {}  # by word: files

    def do_GET(self):
        host = self.headers.get("Host", "").split(":")[0]
        path, _, query = self.path.partition("?")
        asked = urllib.parse.parse_qs(query)
        if path == "/w/api.php":
            self.commons(asked["gsrsearch"][0].removeprefix("filetype:bitmap "), int(asked.get("gsroffset", ["0"])[0]))
        elif path == "/v1/images/":
            self.openverse(asked["q"][0], int(asked["page"][0]))
        else:
            self.photograph(host, path.strip("/"))

    # Every second photograph is on Commons, the others on Flickr, where Openverse finds them.
    def found(self, words, offset):
        return [f"{words}/{file.name}" for file in self.photographs.get(words, [])[offset::2]]

    def commons(self, words, offset):
        pages = [{"pageid": number, "title": f"File:{words} {number}.jpg", "index": number, "imageinfo": [
            {"thumburl": f"https://upload.wikimedia.org/{name}", "descriptionurl": f"https://commons.wikimedia.org/wiki/{name}",
             "mediatype": "BITMAP", "extmetadata": {"LicenseShortName": {"value": "CC BY-SA 4.0"}, "Artist": {"value": "stand-in"}}}]}
            for number, name in enumerate(self.found(words, 0), 1)]
        following = {"continue": {"gsroffset": str(offset + 50), "continue": "gsroffset||"}} if len(pages) > offset + 50 else {}
        self.answer(json.dumps({"batchcomplete": True, **following, "query": {"pages": pages[offset:offset + 50]}}))

    def openverse(self, words, page):
        names = self.found(words, 1)
        results = [{"id": name, "url": f"https://live.staticflickr.com/{name}", "title": words, "creator": "stand-in",
                    "foreign_landing_url": f"https://www.flickr.com/{name}", "license": "by", "license_version": "2.0"}
                   for name in names[20 * (page - 1):20 * page]]
        self.answer(json.dumps({"page_count": -(-len(names) // 20), "results": results}))

    def photograph(self, host, name):
        word, _, file = name.partition("/")
        for known in self.photographs.get(word, []):
            if known.name == file and known.exists():
                return self.answer(known.read_bytes(), "image/jpeg")
        self.answer("not here", "text/plain", 404)

    def answer(self, body, kind="application/json", status=200):
        body = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 512
    daemon_threads = True


def choose(folder):
    """The first EACH photographs of a group that do not repeat one another; and one that is gone by the time it is asked for."""
    chosen = {}
    for word, letters in GROUPS.items():
        seen, files = set(), []
        for file in sorted(file for file in pathlib.Path(folder).iterdir() if file.name[0] in letters):
            look = file.stat().st_size  # the book shows some photographs several times
            if look not in seen and len(files) < EACH:
                seen.add(look)
                files.append(file)
        chosen[word] = files
    chosen["fish"].insert(7, pathlib.Path("gone.jpg"))
    return chosen


def main():
    """standin.py PHOTOGRAPHS CERTIFICATE KEY: answers until it is ended; says so when it has begun."""
    photographs, certificate, key = sys.argv[1:]
    Searches.photographs = choose(photographs)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = Server(("", 443), Searches)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    print("ready", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
