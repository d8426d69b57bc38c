"""A pod that shows a picture: reads the token from its secret, reads the picture with it, all the time, and counts.

It plays the kubelet too, which brings the secret's value to the pod. Whoever is late still has the token that was there
before: that is used once more when another one appears. Arguments: the secret's address, the container's address, a file whose appearance ends it, and
a file for the counts. The cluster's token is in CLUSTER_TOKEN, the picture comes as base64 in PICTURE.
"""

import base64
import json
import os
import sys
import time
import urllib.error
import urllib.request

SECRET, CONTAINER, STOP, COUNTS = sys.argv[1:5]
PICTURE = base64.b64decode(os.environ["PICTURE"])
PAUSE = 0.02


def send(url, method="GET", body=None, headers=()):
    request = urllib.request.Request(url, data=body, method=method, headers=dict(headers))
    with urllib.request.urlopen(request) as answer:
        return answer.status, answer.headers, answer.read()


def read_token():
    authorization = ("Authorization", "Bearer " + os.environ["CLUSTER_TOKEN"])
    _, _, body = send(SECRET, headers=[authorization])
    return base64.b64decode(json.loads(body)["data"]["token"]).decode()


def hang_up(token):
    """Makes the container and puts the picture into it."""
    version = ("x-ms-version", "2019-12-12")
    send(CONTAINER + "?restype=container&" + token, "PUT", b"", [version])
    kind = [("x-ms-blob-type", "BlockBlob"), ("Content-Type", "image/jpeg"), version]
    send(CONTAINER + "/picture.jpg?" + token, "PUT", PICTURE, kind)


def look(token):
    """Reads the picture, and tells what is wrong with it if anything is."""
    try:
        _, headers, body = send(CONTAINER + "/picture.jpg?" + token)
    except urllib.error.HTTPError as error:
        return "status %d" % error.code
    if headers["Content-Type"] != "image/jpeg" or body != PICTURE:
        return "another picture"
    return None


def main():
    token = read_token()
    hang_up(token)
    counts = {"reads": 0, "failed": 0, "tokens": 1, "first": None}
    while not os.path.exists(STOP):
        present = read_token()
        counts["tokens"] += present != token
        for used in {token, present}:
            wrong = look(used)
            counts["reads"] += 1
            if wrong:
                counts["failed"] += 1
                counts["first"] = counts["first"] or "%s at token %d" % (wrong, counts["tokens"])
        token = present
        with open(COUNTS + ".draft", "w") as file:
            json.dump(counts, file)
        os.replace(COUNTS + ".draft", COUNTS)
        time.sleep(PAUSE)


main()
