"""Puts a value, which comes on stdin, into a secret of a vault. Its argument is the secret's address."""

import json
import os
import sys
import urllib.parse
import urllib.request


def answer(url, body, headers=(), method="POST"):
    request = urllib.request.Request(url, data=body, method=method, headers=dict(headers))
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


FORM = {
    "grant_type": "client_credentials",
    "client_id": os.environ["AZURE_CLIENT_ID"],
    "client_secret": os.environ["AZURE_CLIENT_SECRET"],
    "scope": "https://vault.azure.net/.default",
}
LOGIN = "https://login.microsoftonline.com/%s/oauth2/v2.0/token" % os.environ["AZURE_TENANT_ID"]
TOKEN = answer(LOGIN, urllib.parse.urlencode(FORM).encode())["access_token"]
HEADERS = {"Authorization": "Bearer " + TOKEN, "Content-Type": "application/json"}
BODY = json.dumps({"value": sys.stdin.read()}).encode()
answer(sys.argv[1] + "?api-version=7.4", BODY, HEADERS, "PUT")
