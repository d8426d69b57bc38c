"""What a consumer of a storage account does, with Python's standard library alone.

Reads one question from stdin and writes one answer to stdout, both JSON:
  {"act": "read-secret", "url"}                     {"value", "expires"}
  {"act": "list", "url"}                            {"ids": [..]}
  {"act": "storage", "method", "url", "token", "body"}   {"status", "body"}
Identity, proxy and certificates come from the environment.
"""

import datetime
import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request


def access_token():
    """Signs in with the client secret and returns an access token for Key Vault."""
    form = {
        "grant_type": "client_credentials",
        "client_id": os.environ["AZURE_CLIENT_ID"],
        "client_secret": os.environ["AZURE_CLIENT_SECRET"],
        "scope": "https://vault.azure.net/.default",
    }
    url = "https://login.microsoftonline.com/%s/oauth2/v2.0/token" % os.environ["AZURE_TENANT_ID"]
    with urllib.request.urlopen(url, urllib.parse.urlencode(form).encode()) as answer:
        return json.load(answer)["access_token"]


def vault(url):
    """Returns what the vault answers to a GET."""
    if "api-version=" not in url:
        url += "?api-version=7.4"
    request = urllib.request.Request(url, headers={"Authorization": "Bearer " + access_token()})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def read_secret(question):
    secret = vault(question["url"])
    expires = datetime.datetime.fromtimestamp(secret["attributes"]["exp"], datetime.timezone.utc)
    return {"value": secret["value"], "expires": expires.strftime("%Y-%m-%dT%H:%M:%SZ")}


def list_ids(question):
    return {"ids": [item["id"] for item in vault(question["url"])["value"]]}


def storage(question):
    url = question["url"]
    url += ("&" if "?" in url else "?") + question["token"].lstrip("?")
    writes = question["method"] == "PUT"
    request = urllib.request.Request(
        url,
        data=question["body"].encode() if writes else None,
        method=question["method"],
        headers={"x-ms-version": "2018-03-28", "x-ms-blob-type": "BlockBlob"},
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return {"status": answer.status, "body": answer.read().decode()}
    except urllib.error.HTTPError as error:
        return {"status": error.code, "body": ""}


ACTS = {"read-secret": read_secret, "list": list_ids, "storage": storage}


def main():
    question = json.load(sys.stdin)
    try:
        json.dump(ACTS[question["act"]](question), sys.stdout)
    except urllib.error.URLError as error:
        # The address stays out: that of the storage server carries the token.
        sys.exit("%s: %s" % (question["act"], error))


main()
