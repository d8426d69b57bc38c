"""A web page that shows a picture of a storage account, with a token that is read anew for each look.

PICTURE_URL is the picture's address, TOKEN_FILE the file with the SAS token, PORT the port (8080). Only the standard library
is used. The token goes to the storage account alone: the browser gets the picture from here.
"""

import os
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE = b"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>A picture behind a token</title>
<style>body { font-family: sans-serif; margin: 3em auto; max-width: 40em } img { max-width: 100% }</style>
<h1>A picture behind a token</h1>
<p>The page holds no key. The token it uses lives for a few hours.</p>
<img src="/picture" alt="The picture, if the token opens it">
"""


def read_picture():
    """Returns the status, the kind and the bytes of the picture."""
    with open(os.environ["TOKEN_FILE"]) as file:
        token = file.read().strip()
    try:
        with urllib.request.urlopen(os.environ["PICTURE_URL"] + "?" + token, timeout=20) as answer:
            return 200, answer.headers["Content-Type"], answer.read()
    except urllib.error.HTTPError as error:
        return 502, "text/plain", b"the storage account answers %d" % error.code
    except OSError:
        return 502, "text/plain", b"the storage account cannot be reached"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/":
            self.answer(200, "text/html", PAGE)
        elif self.path == "/picture":
            self.answer(*read_picture())
        else:
            self.answer(404, "text/plain", b"there is nothing here")

    def answer(self, status, kind, body):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    ThreadingHTTPServer(("", int(os.environ.get("PORT", "8080"))), Handler).serve_forever()
