"""Drives headless Chromium over a pipe, in the words of its DevTools protocol: no driver and no package is needed."""
import base64
import io
import json
import os
import subprocess
import tempfile
import time

from PIL import Image


class Browser:
    def __init__(self):
        self.profile = tempfile.TemporaryDirectory(prefix="winnow-guide-")
        to_read, self.writing = os.pipe()
        self.reading, to_write = os.pipe()

        def put_where_chromium_looks():  # for the pipe: 3 and 4
            first, second = os.dup(to_read), os.dup(to_write)
            os.dup2(first, 3)
            os.dup2(second, 4)

        self.process = subprocess.Popen(
            ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage",
             "--remote-debugging-pipe", "--no-first-run", "--disable-background-networking", "--force-color-profile=srgb",
             "--disable-lcd-text", "--lang=en-GB", f"--user-data-dir={self.profile.name}", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, close_fds=False,
            env={"PATH": os.environ["PATH"], "HOME": self.profile.name, "TZ": "UTC", "LANG": "en_GB.UTF-8"},
            preexec_fn=put_where_chromium_looks)
        os.close(to_read)
        os.close(to_write)
        self.buffer, self.number, self.session, self.events = b"", 0, None, []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.call("Page.enable")
        # What pages draw at random is the same each time.
        self.call("Page.addScriptToEvaluateOnNewDocument",
                  source="{ let state = 7; Math.random = () => (state = state * 16807 % 2147483647) / 2147483647; }")
        self.call("Security.setIgnoreCertificateErrors", ignore=True)

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.writing, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise SystemExit(f"guide: {method}: {answer['error']['message']}")
                return answer["result"]

    def _next(self):
        while b"\0" not in self.buffer:
            piece = os.read(self.reading, 1 << 20)
            if not piece:
                raise SystemExit("guide: chromium has ended")
            self.buffer += piece
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def run(self, script):
        answer = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise SystemExit(f"guide: {script}: {answer['exceptionDetails'].get('exception', answer)}")
        return answer["result"].get("value")

    def holds(self, condition):
        try:
            return self.run(f"(() => {{ try {{ return Boolean({condition}) }} catch {{ return false }} }})()")
        except SystemExit:  # between two pages there is none to ask
            return False

    def wait(self, condition, seconds=30):
        end = time.monotonic() + seconds
        while not self.holds(condition):
            if time.monotonic() > end:
                raise SystemExit(f"guide: waited in vain for {condition}\n{self.run('document.body.innerText')}")
            time.sleep(.05)

    def size(self, width, height, scale=1):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=False)

    def dark(self, yes):
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if yes else "light"}])

    def scripts(self, yes):
        self.call("Emulation.setScriptExecutionDisabled", value=not yes)

    def open(self, address):
        answer = self.call("Page.navigate", url=address)
        if "errorText" in answer:
            raise SystemExit(f"guide: {address}: {answer['errorText']}")
        self.wait("document.readyState == 'complete'")
        self.run("document.fonts.ready.then(() => true)")

    def choose(self, selector, files):
        """Gives a form's file input these files."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=node, files=[str(file) for file in files])

    def picture(self, clip=None):
        """The page as a PIL picture: all of it, or a clip (x, y, width, height) in CSS pixels."""
        if clip is None:
            box = self.call("Page.getLayoutMetrics")["cssContentSize"]
            clip = (0, 0, box["width"], box["height"])
        x, y, width, height = clip
        answer = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True,
                           clip={"x": x, "y": y, "width": width, "height": height, "scale": 1})
        return Image.open(io.BytesIO(base64.b64decode(answer["data"]))).convert("RGB")

    def box(self, selector, margin=0):
        """Where an element stands, for clip."""
        left, top, width, height = self.run(
            f"(e => {{ const b = e.getBoundingClientRect(); return [b.x + scrollX, b.y + scrollY, b.width, b.height]; }})"
            f"(document.querySelector({json.dumps(selector)}))")
        return left - margin, top - margin, width + 2 * margin, height + 2 * margin

    def close(self):
        self.session = None
        try:
            self.call("Browser.close")
        except SystemExit:
            pass
        self.process.wait(20)
        self.profile.cleanup()
