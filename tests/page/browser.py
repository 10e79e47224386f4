"""A headless Chromium, driven by its DevTools protocol over a pipe: real mouse and keyboard events, pictures, print."""

import base64
import contextlib
import json
import os
import select
import shutil
import subprocess
import time

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
KEYS = {
    "ArrowUp": 38, "ArrowDown": 40, "ArrowLeft": 37, "ArrowRight": 39,
    "Enter": 13, "Escape": 27, "Tab": 9, "Home": 36, "End": 35,
}  # fmt: skip


def chromium():
    """The path of a browser, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """One page of a browser of its own, without a network."""

    def __init__(self, folder, width=1400, height=900):
        ours, theirs = os.pipe(), os.pipe()  # to the browser, from the browser
        self.to, self.from_ = ours[1], theirs[0]

        def hand_over():
            # Chromium reads from 3 and writes to 4.
            kept = os.dup(ours[0]), os.dup(theirs[1])
            os.dup2(kept[0], 3)
            os.dup2(kept[1], 4)

        self.process = subprocess.Popen(
            [
                chromium(),
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--hide-scrollbars",
                "--disable-background-networking",
                "--host-resolver-rules=MAP * ~NOTFOUND",
                f"--user-data-dir={folder}",
                "--remote-debugging-pipe",
            ],
            preexec_fn=hand_over,
            close_fds=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(ours[0])
        os.close(theirs[1])
        self.rest, self.count, self.session = b"", 0, None
        self.events = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)[
            "sessionId"
        ]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        self.size(width, height)

    def close(self):
        with contextlib.suppress(OSError):
            os.close(self.to)
            os.close(self.from_)
        self.process.kill()
        self.process.wait()

    def call(self, method, **params):
        """Run a command of the protocol, and return its result."""
        self.count += 1
        message = {"id": self.count, "method": method, "params": params}
        if self.session is not None:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while True:
            found = self.message()
            if found.get("id") == self.count:
                assert "error" not in found, found["error"]
                return found["result"]
            self.events.append(found)

    def message(self, patience=60):
        end = time.monotonic() + patience
        while b"\0" not in self.rest:
            if not select.select([self.from_], [], [], max(0.0, end - time.monotonic()))[0]:
                raise TimeoutError("the browser says nothing")
            read = os.read(self.from_, 1 << 20)
            if not read:
                raise EOFError("the browser is gone")
            self.rest += read
        text, _, self.rest = self.rest.partition(b"\0")
        return json.loads(text)

    def size(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)  # fmt: skip

    def open(self, path):
        """Go to a file, and wait until it is there. What happened before is forgotten."""
        self.events.clear()
        self.call("Page.navigate", url=path.as_uri())
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self.message())

    def run(self, script):
        """The value of a JavaScript expression."""
        found = self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def texts(self, selector):
        return self.run(f"[...document.querySelectorAll({selector!r})].map(e => e.textContent)")

    def mouse(self, selector, *kinds):
        """Mouse events in the middle of the first element; "moved" for a hover, with "pressed" and "released" for a click."""
        x, y = self.run(
            f"(() => {{ const e = document.querySelector({selector!r}); e.scrollIntoView({{block: 'nearest'}});"
            " const r = e.getBoundingClientRect(); return [r.left + Math.min(r.width / 2, 90), r.top + r.height / 2]; })()"
        )
        for kind in kinds:
            button = {} if kind == "moved" else {"button": "left", "clickCount": 1}
            self.call("Input.dispatchMouseEvent", type=f"mouse{kind.capitalize()}", x=x, y=y, **button)  # fmt: skip

    def hover(self, selector):
        self.mouse(selector, "moved")

    def click(self, selector):
        self.mouse(selector, "moved", "pressed", "released")

    def press(self, *keys):
        for key in keys:
            code = {"key": key, "code": key, "windowsVirtualKeyCode": KEYS[key]}
            text = {"text": "\r"} if key == "Enter" else {}
            self.call("Input.dispatchKeyEvent", type="keyDown", **code, **text)
            self.call("Input.dispatchKeyEvent", type="keyUp", **code)

    def media(self, **features):
        """Emulate `print`, or preferences such as a dark colour scheme."""
        medium = features.pop("media", "")
        listed = [{"name": k.replace("_", "-"), "value": v} for k, v in features.items()]
        self.call("Emulation.setEmulatedMedia", media=medium, features=listed)

    def picture(self, path, whole=False):
        found = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(found["data"]))

    def printed(self):
        """The page as a PDF."""
        found = self.call(
            "Page.printToPDF",
            landscape=True,
            printBackground=True,
            paperWidth=8.27,
            paperHeight=11.7,
        )
        return base64.b64decode(found["data"])
