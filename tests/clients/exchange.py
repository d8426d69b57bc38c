"""Single exchanges with the emulator, sent exactly as written and kept as they were.

Unlike a client, it adds nothing to a request but a token and follows nothing in an answer.
"""

import dataclasses
import http.client
import json
import ssl
import urllib.parse

RESOURCES = {
    "management.azure.com": "https://management.azure.com",
    "graph.microsoft.com": "https://graph.microsoft.com",
}
VAULTS = "https://vault.azure.net"


@dataclasses.dataclass
class Exchange:
    """One request with its answer; a body is the value of its JSON, or text, or None."""

    method: str
    url: str
    sent: object
    status: int
    headers: dict
    body: object

    def __str__(self):
        return "%s %s -> %d" % (self.method, self.url, self.status)


class Caller:
    """Sends requests through the emulator's proxy and keeps the exchanges."""

    def __init__(self, azure):
        proxy = urllib.parse.urlsplit(azure.variables["HTTPS_PROXY"])
        self._proxy = (proxy.hostname, proxy.port)
        self._trust = ssl.create_default_context(cafile=azure.variables["SSL_CERT_FILE"])
        self._identity = azure.variables
        self._tokens = {}
        self.exchanges = []

    def send(self, method, url, body=None, signed=True):
        """Returns the exchange; a body that is no text is sent as JSON."""
        host = urllib.parse.urlsplit(url).hostname
        headers = {"content-type": "application/json; charset=utf-8"}
        if signed:
            headers["authorization"] = "Bearer " + self._token(host)
        text = body if body is None or isinstance(body, str) else json.dumps(body)
        exchange = Exchange(method, url, body, *self.ask(method, url, headers, text))
        self.exchanges.append(exchange)
        return exchange

    def _token(self, host):
        resource = RESOURCES.get(host, VAULTS)
        if resource not in self._tokens:
            form = {
                "grant_type": "client_credentials",
                "client_id": self._identity["AZURE_CLIENT_ID"],
                "client_secret": self._identity["AZURE_CLIENT_SECRET"],
                "scope": resource + "/.default",
            }
            url = "https://login.microsoftonline.com/%s/oauth2/v2.0/token"
            url %= self._identity["AZURE_TENANT_ID"]
            headers = {"content-type": "application/x-www-form-urlencoded"}
            status, _, body = self.ask("POST", url, headers, urllib.parse.urlencode(form))
            if status != 200:
                raise RuntimeError("no token for %s: %s" % (resource, body))
            self._tokens[resource] = body["access_token"]
        return self._tokens[resource]

    def ask(self, method, url, headers, text):
        """Sends a request as it is and returns status, headers and body; it is not kept."""
        parts = urllib.parse.urlsplit(url)
        connection = http.client.HTTPSConnection(*self._proxy, context=self._trust, timeout=30)
        connection.set_tunnel(parts.hostname, 443)
        try:
            target = parts.path + ("?" + parts.query if parts.query else "")
            content = None if text is None else text.encode()
            if content is None and method in ("POST", "PUT", "PATCH"):
                content = b""
            connection.request(method, target, content, headers)
            answer = connection.getresponse()
            fields = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, fields, decoded(answer.read().decode())
        finally:
            connection.close()


def decoded(text):
    """Returns the value of a JSON text, other text as it is, and None for nothing."""
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text
