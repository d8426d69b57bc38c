"""A headless Chromium, driven by its DevTools protocol over a pair of pipes: no port, no library."""

import base64
import json
import os
import pathlib
import select
import subprocess
import tempfile
import time

ANSWER_LIMIT = 60
READ, WRITE = 3, 4


class Browser:
    """A running browser; leaving its `with` block ends it and removes its files."""

    def __init__(self, folder):
        folder = pathlib.Path(folder)
        self._home = tempfile.TemporaryDirectory(prefix="keyrotation-browser-")
        self._log = open(pathlib.Path(self._home.name) / "chromium.log", "w+")
        commands_out, self._commands = os.pipe()
        self._answers, answers_in = os.pipe()
        self._rest, self._number, self._events = b"", 0, []
        self._process = subprocess.Popen(
            # As root there is no sandbox; nothing but our own page is ever shown.
            [str(folder / "chromium"), "--headless=shell", "--no-sandbox", "--no-zygote"]
            + ["--disable-gpu", "--hide-scrollbars", "--remote-debugging-pipe"]
            + ["--user-data-dir=" + self._home.name, "about:blank"],
            env={
                "HOME": self._home.name,
                "PATH": os.environ["PATH"],
                "LD_LIBRARY_PATH": str(folder / "lib"),
                "FONTCONFIG_FILE": str(folder / "fonts.conf"),
            },
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            close_fds=False,
            preexec_fn=lambda: place(commands_out, answers_in),
        )
        os.close(commands_out)
        os.close(answers_in)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self._commands)
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._answers)
        self._log.close()
        self._home.cleanup()

    def open(self, path, width=1200, height=900, scheme="light", script=True):
        """Shows a file and returns its page when it is loaded."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        page = Page(self, attached["sessionId"])
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.call(domain + ".enable")
        page.call("Emulation.setScriptExecutionDisabled", value=not script)
        page.resize(width, height)
        feature = {"name": "prefers-color-scheme", "value": scheme}
        page.call("Emulation.setEmulatedMedia", features=[feature])
        page.call("Page.navigate", url=pathlib.Path(path).resolve().as_uri())
        page.wait("Page.loadEventFired")
        return page

    def call(self, method, session=None, **parameters):
        """Sends one command and returns its result."""
        self._number += 1
        command = {"id": self._number, "method": method, "params": parameters}
        if session:
            command["sessionId"] = session
        os.write(self._commands, json.dumps(command).encode() + b"\0")
        end = time.monotonic() + ANSWER_LIMIT
        while True:
            message = self._message(end)
            if message.get("id") != self._number:
                self._events.append(message)
            elif "error" in message:
                raise RuntimeError("%s: %s" % (method, message["error"]["message"]))
            else:
                return message["result"]

    def wait(self, session, method):
        """Waits for an event of a page, also one that has come already."""
        end = time.monotonic() + ANSWER_LIMIT
        while not any(is_of(event, session, method) for event in self._events):
            self._events.append(self._message(end))

    def events(self, session, method):
        """Returns what events of a page said so far."""
        return [one["params"] for one in self._events if is_of(one, session, method)]

    def _message(self, end):
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._answers], [], [], max(0, end - time.monotonic()))
            piece = os.read(self._answers, 1 << 20) if ready else b""
            if not piece:
                self._log.seek(0)
                raise RuntimeError("the browser does not answer: " + self._log.read()[-2000:])
            self._rest += piece
        message, self._rest = self._rest.split(b"\0", 1)
        return json.loads(message)


class Page:
    """One page of the browser."""

    def __init__(self, browser, session):
        self._browser, self._session = browser, session

    def call(self, method, **parameters):
        return self._browser.call(method, self._session, **parameters)

    def wait(self, method):
        self._browser.wait(self._session, method)

    def resize(self, width, height):
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def run(self, script):
        """Evaluates a script, waits for its promise if it gives one, and returns its value."""
        given = self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in given:
            raise RuntimeError(given["exceptionDetails"]["exception"]["description"])
        return given["result"].get("value")

    def picture(self, path):
        taken = self.call("Page.captureScreenshot")
        pathlib.Path(path).write_bytes(base64.b64decode(taken["data"]))

    def troubles(self):
        """Returns what the page complained of, and all that it asked for besides itself."""
        events = lambda method: self._browser.events(self._session, method)
        said = [one["entry"]["text"] for one in events("Log.entryAdded")]
        thrown = [one["exceptionDetails"]["text"] for one in events("Runtime.exceptionThrown")]
        asked = [one["request"]["url"] for one in events("Network.requestWillBeSent")]
        return said + thrown + asked[1:]


def is_of(event, session, method):
    return event.get("sessionId") == session and event.get("method") == method


def place(commands, answers):
    """Gives the pipes the numbers that the browser looks for, whatever numbers they have now."""
    commands, answers = os.dup2(commands, 20), os.dup2(answers, 21)
    os.dup2(commands, READ)
    os.dup2(answers, WRITE)
