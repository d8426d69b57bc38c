"""A client that uses a key from a secret, all the time, and counts.

Arguments: the secret's address, the storage server's address, the account, a file whose appearance ends it, and a file for
the counts. It signs each request with the key, and reads the secret again every few requests. The key stays in here.
"""

import base64
import hashlib
import hmac
import json
import os
import ssl
import sys
import urllib.error
import urllib.parse
import urllib.request
from email.utils import formatdate

SECRET, BLOBS, ACCOUNT, STOP, COUNTS = sys.argv[1:6]
READS_WITH_ONE_KEY = 5
VERSION = "2019-12-12"


def access_token():
    form = {
        "grant_type": "client_credentials",
        "client_id": os.environ["AZURE_CLIENT_ID"],
        "client_secret": os.environ["AZURE_CLIENT_SECRET"],
        "scope": "https://vault.azure.net/.default",
    }
    url = "https://login.microsoftonline.com/%s/oauth2/v2.0/token" % os.environ["AZURE_TENANT_ID"]
    with urllib.request.urlopen(url, urllib.parse.urlencode(form).encode()) as answer:
        return json.load(answer)["access_token"]


TOKEN = access_token()


def read_key():
    request = urllib.request.Request(
        SECRET + "?api-version=7.4", headers={"Authorization": "Bearer " + TOKEN}
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["value"]


def send(key, method, path, parameters=(), body=None):
    """Sends a request that the key has signed, and returns its status."""
    own = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": VERSION}
    kind = ""
    if body is not None:
        kind = "text/plain"
        if not parameters:
            own["x-ms-blob-type"] = "BlockBlob"
    length = str(len(body)) if body else ""
    headers = "".join("%s:%s\n" % pair for pair in sorted(own.items()))
    # An address with the account in its path has it twice in what is signed.
    resource = "/%s/%s/%s" % (ACCOUNT, ACCOUNT, path)
    resource += "".join("\n%s:%s" % pair for pair in sorted(parameters))
    text = "%s\n\n\n%s\n\n%s\n\n\n\n\n\n\n%s%s" % (method, length, kind, headers, resource)
    signature = hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()
    own["Authorization"] = "SharedKey %s:%s" % (ACCOUNT, base64.b64encode(signature).decode())
    if kind:
        own["Content-Type"] = kind
    url = "%s/%s/%s" % (BLOBS, ACCOUNT, path)
    if parameters:
        url += "?" + urllib.parse.urlencode(parameters)
    request = urllib.request.Request(url, data=body, method=method, headers=own)
    try:
        with urllib.request.urlopen(request) as answer:
            answer.read()
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def main():
    key = read_key()
    made = send(key, "PUT", "media", [("restype", "container")], b"")
    stored = send(key, "PUT", "media/picture.txt", body=b"a picture")
    counts = {"made": made, "stored": stored, "reads": 0, "failed": 0, "keys": 1}
    while not os.path.exists(STOP):
        fresh = read_key()
        counts["keys"] += fresh != key
        key = fresh
        for _ in range(READS_WITH_ONE_KEY):
            counts["reads"] += 1
            counts["failed"] += send(key, "GET", "media/picture.txt") != 200
        with open(COUNTS + ".new", "w") as file:
            json.dump(counts, file)
        os.replace(COUNTS + ".new", COUNTS)


try:
    main()
except (urllib.error.URLError, ssl.SSLError, KeyError) as error:
    sys.exit("the client ended: %s" % error)
