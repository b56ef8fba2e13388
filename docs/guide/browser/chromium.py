"""Chromium without a window, steered from Python: what picture.py, measure.py and the test of the page need of it.

Commands go over a pair of pipes (--remote-debugging-pipe, https://chromedevtools.github.io/devtools-protocol), so
there is no port to find and no package to install beside Chromium itself.
"""
import base64
import contextlib
import functools
import http.server
import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import tempfile
import threading
import time

PAGE_SECONDS = 120

# What a site sends that takes its promises seriously; the page works under it.
STRICT = {"Content-Security-Policy": "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; "
                                     "connect-src 'self'; style-src 'self'; img-src 'self' blob:; base-uri 'none'; "
                                     "form-action 'none'; frame-ancestors 'none'",
          "X-Content-Type-Options": "nosniff"}
# Under which browsers let a page use several threads.
ISOLATED = {"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp"}


@contextlib.contextmanager
def serve(folder, headers, bytes_per_second=None):
    """Serves a folder as static files on a free port of this machine, all of it over one line of that width; yields
    the address."""
    line = threading.Lock()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def copyfile(self, source, outputfile):
            if not bytes_per_second:
                return super().copyfile(source, outputfile)
            while part := source.read(1 << 16):
                with line:
                    time.sleep(len(part) / bytes_per_second)
                outputfile.write(part)

        def end_headers(self):
            for name, value in headers.items():
                self.send_header(name, value)
            super().end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=folder))
    server.handle_error = lambda *_: None  # pages are closed while they load
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def find_chromium():
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Chromium:
    """One browser with a profile of its own, gone afterwards."""

    def __init__(self, *arguments):
        self.profile = tempfile.mkdtemp(prefix="chromium-")
        commands, self.commands = os.pipe()
        self.answers, answers = os.pipe()
        # It reads from descriptor 3 and writes to 4.
        start = f'exec "$@" 3<&{commands} 4>&{answers}'
        self.process = subprocess.Popen(
            ["bash", "-c", start, "-", find_chromium(), "--headless", "--no-sandbox", "--remote-debugging-pipe",
             f"--user-data-dir={self.profile}", "--hide-scrollbars", "--force-color-profile=srgb",
             *(arguments or ["--disable-gpu"])],
            pass_fds=(commands, answers), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        os.close(commands)
        os.close(answers)
        self.number, self.buffer, self.events = 0, b"", []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError, RuntimeError):
            self.send("Browser.close")
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        os.close(self.commands)
        os.close(self.answers)
        shutil.rmtree(self.profile, ignore_errors=True)  # what it started may still write there

    def send(self, method, session=None, **parameters):
        """Sends a command and returns its result; events that come meanwhile are kept in self.events."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + PAGE_SECONDS
        while True:
            answer = self.receive(deadline)
            if answer.get("id") != self.number:
                self.events.append(answer)
            elif "error" in answer:
                raise RuntimeError(f"{method}: {answer['error']['message']}")
            else:
                return answer["result"]

    def receive(self, deadline):
        while b"\0" not in self.buffer:
            if not select.select([self.answers], [], [], max(0, deadline - time.monotonic()))[0]:
                raise RuntimeError("Chromium does not answer")
            part = os.read(self.answers, 1 << 20)
            if not part:
                raise RuntimeError("Chromium has ended")
            self.buffer += part
        line, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(line)

    def open(self, address, width=1000, height=760, dark=False, scale=1):
        return Page(self, address, width, height, dark, scale)


class Page:
    def __init__(self, browser, address, width, height, dark, scale):
        self.browser = browser
        self.target = browser.send("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.send("Target.attachToTarget", targetId=self.target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale,
                  mobile=width < 600)
        self.send("Emulation.setTouchEmulationEnabled", enabled=width < 600)
        self.send("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce"}])
        self.send("Page.navigate", url=address)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.browser.send("Target.closeTarget", targetId=self.target)

    def send(self, method, **parameters):
        return self.browser.send(method, self.session, **parameters)

    def run(self, script):
        """The value of a JavaScript expression; a promise's when it is there."""
        result = self.send("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            raise RuntimeError(details.get("exception", {}).get("description", details["text"]))
        return result["result"].get("value")

    def wait_for(self, condition):
        deadline = time.monotonic() + PAGE_SECONDS
        while not self.run(condition):
            if time.monotonic() > deadline:
                raise RuntimeError(f"{condition} does not come true; the page says: {self.messages()}")
            time.sleep(0.05)

    def choose(self, selector, files):
        """Puts files into an <input type=file>, as a person does."""
        node = self.send("Runtime.evaluate", expression=f"document.querySelector({json.dumps(selector)})")["result"]
        self.send("DOM.setFileInputFiles", objectId=node["objectId"], files=[str(pathlib.Path(f).resolve()) for f in files])

    def messages(self):
        """Warnings and errors so far, those about the Content-Security-Policy among them."""
        texts = []
        for event in self.browser.events:
            if event.get("sessionId") != self.session:
                continue
            parameters = event.get("params", {})
            if event["method"] == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning"):
                texts.append(parameters["entry"]["text"])
            elif event["method"] == "Runtime.exceptionThrown":
                texts.append(parameters["exceptionDetails"]["text"])
            elif event["method"] == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning"):
                texts.append(" ".join(str(a.get("value", a.get("description"))) for a in parameters["args"]))
        return texts

    def addresses(self):
        """Whatever the page has asked for so far."""
        return [event["params"]["request"]["url"] for event in self.browser.events
                if event.get("sessionId") == self.session and event["method"] == "Network.requestWillBeSent"]

    def screenshot(self, file, whole=True):
        height = self.run("document.documentElement.scrollHeight") if whole else None
        clip = {"clip": {"x": 0, "y": 0, "width": self.run("innerWidth"), "height": height, "scale": 1}} if whole else {}
        data = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole, **clip)["data"]
        pathlib.Path(file).write_bytes(base64.b64decode(data))
