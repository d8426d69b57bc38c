"""The published OpenAPI 2.0 documents: which operation an exchange is, and where it breaks it.

Covers what the documents use. A `$ref` that leads nowhere is an error at once, because what it
stands for would go unchecked.
"""

import json
import pathlib
import re
import urllib.parse

DATE_TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$")
FORMATS = {
    "arm-id": re.compile(r"^/"),
    "base64url": re.compile(r"^[A-Za-z0-9_-]*$"),
    "date-time": DATE_TIME,
    "uri": re.compile(r"^https?://"),
    "uuid": re.compile(r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"),
}
# What stands for these names is a whole path.
WITH_SLASHES = {
    "scope": ".+",
    "roleAssignmentId": ".+/roleAssignments/[^/]+",
    "roleDefinitionId": ".+/roleDefinitions/[^/]+|[^/]+",
    "roleId": ".+/roleDefinitions/[^/]+",
}
# A resource that is in no other one has nothing here, and no slash behind it.
MAY_BE_EMPTY = "parentResourcePath"
TYPES = {
    "array": list,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "object": dict,
    "string": str,
}


def api_version(url):
    """Returns the version that a request asks for; empty if it names none."""
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)
    named = {name.lower(): values for name, values in query.items()}
    return named.get("api-version", [""])[0]


def age(version):
    """Puts versions in their order: those of vaults were numbers between 2016 and 2025."""
    return "2018-" + version if version.startswith("7.") else version


class Documents:
    """All documents below a folder."""

    def __init__(self, folder):
        self._files = {}
        self.operations = []
        for path in sorted(pathlib.Path(folder).rglob("*.json")):
            content = self._load(path.resolve())
            self._check_references(path.resolve(), content)
            for template, methods in content.get("paths", {}).items():
                self._add(path.resolve(), content, template, methods)
        if not self.operations:
            raise RuntimeError("no OpenAPI documents in %s" % folder)
        # A name in a template stands for anything, so the one with the most fixed text comes first.
        self.operations.sort(key=lambda operation: (operation.open_end, -operation.literal))

    def operation(self, method, url):
        """Returns the operation that a request is, or None.

        A version without a document is read by the next one that has one, else by the last: what
        the two have in common is all that is checked of it.
        """
        parts = urllib.parse.urlsplit(url)
        asked = age(api_version(url))
        vault = ".vault." in parts.hostname
        known = [
            operation
            for operation in self.operations
            if (operation.method, operation.vault) == (method, vault)
            and operation.path.fullmatch(parts.path)
        ]
        # The best match of a path comes first, and only its versions count.
        known = [one for one in known if one.template == known[0].template]
        later = [one for one in known if age(one.version) >= asked]
        if later:
            return min(later, key=lambda one: age(one.version))
        return max(known, key=lambda one: age(one.version), default=None)

    def resolve(self, path, node):
        """Follows a node's `$ref`, if it has one, and returns where it leads with its file."""
        while "$ref" in node:
            name, _, pointer = node["$ref"].partition("#")
            path = (path.parent / name).resolve() if name else path
            node = self._load(path)
            for part in pointer.strip("/").split("/"):
                node = node[part.replace("~1", "/").replace("~0", "~")]
        return path, node

    def _load(self, path):
        if path not in self._files:
            self._files[path] = json.loads(path.read_text(encoding="utf-8-sig"))
        return self._files[path]

    def _check_references(self, path, node):
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                self.resolve(path, node)
            for name, inner in node.items():
                if name != "x-ms-examples":
                    self._check_references(path, inner)
        elif isinstance(node, list):
            for inner in node:
                self._check_references(path, inner)

    def _add(self, path, content, template, methods):
        shared = methods.get("parameters", [])
        for method, description in methods.items():
            if method != "parameters":
                given = shared + description.get("parameters", [])
                parameters = [self.resolve(path, parameter) for parameter in given]
                self.operations.append(
                    Operation(path, content, template, method, description, parameters)
                )


class Operation:
    """One method of one path of one version."""

    def __init__(self, file, content, template, method, description, parameters):
        self.file = file
        self.id = description["operationId"]
        self.template = template
        self.version = content["info"]["version"]
        self.vault = "x-ms-parameterized-host" in content
        self.method = method.upper()
        self.parameters = parameters
        self.responses = description["responses"]
        self.names = re.findall(r"\{([^}]+)\}", template)
        self.literal = len(re.sub(r"\{[^}]+\}", "", template))
        self.open_end = any(name in WITH_SLASHES for name in self.names)
        self.path = re.compile(pattern(template), re.IGNORECASE)

    def values(self, path):
        """Returns what stands for each name of the template."""
        return dict(zip(self.names, self.path.fullmatch(path).groups()))


def pattern(template):
    parts = re.split(r"\{([^}]+)\}", template)
    text = re.escape(parts[0])
    for name, literal in zip(parts[1::2], parts[2::2]):
        if name == MAY_BE_EMPTY:
            text += "(.*?)%s?" % re.escape(literal)
            continue
        text += "(%s)%s" % (WITH_SLASHES.get(name, "[^/]+"), re.escape(literal))
    return text


def problems(documents, operation, exchange):
    """Yields (operation, part, detail) for everything that is not as the documents say."""
    checks = [response_problems(documents, operation, exchange)]
    # What is answered 400 was meant to be wrong, and a client without a token sends no body yet.
    if exchange.status not in (400, 401):
        checks.append(request_problems(documents, operation, exchange))
    for check in checks:
        for part, detail in check:
            yield operation.id, part, "%s (%s)" % (detail, exchange)


def request_problems(documents, operation, exchange):
    parts = urllib.parse.urlsplit(exchange.url)
    query = dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True))
    values = operation.values(parts.path)
    for file, parameter in operation.parameters:
        place = "%s.%s" % (parameter["in"], parameter["name"])
        if parameter["in"] == "body":
            if exchange.sent is not None:
                yield from schema_problems(
                    documents, file, parameter["schema"], exchange.sent, "sent"
                )
            elif parameter.get("required"):
                yield "sent", "missing"
        elif parameter["in"] == "query":
            value = query.pop(parameter["name"], None)
            if value is not None:
                yield from text_problems(parameter, value, place)
            elif parameter.get("required"):
                yield place, "missing"
        elif parameter["in"] == "path" and parameter["name"] not in WITH_SLASHES:
            yield from text_problems(
                parameter, urllib.parse.unquote(values[parameter["name"]]), place
            )
    for name in query:
        yield "query." + name, "no such parameter"


def text_problems(parameter, text, place):
    if parameter["type"] in ("integer", "number"):
        value = int(text) if re.fullmatch(r"-?\d+", text) else text
    elif parameter["type"] == "boolean":
        value = {"true": True, "false": False}.get(text, text)
    else:
        value = text
    yield from value_problems(parameter, value, place)


def response_problems(documents, operation, exchange):
    described = operation.responses.get(str(exchange.status), operation.responses.get("default"))
    if described is None:
        if exchange.status < 400:
            yield "status", "%d is none of %s" % (exchange.status, ", ".join(operation.responses))
        elif not is_error(exchange.body):
            yield "body", "not an error of Resource Manager: %s" % json.dumps(exchange.body)
        return
    file, described = documents.resolve(operation.file, described)
    if "schema" not in described:
        return
    if exchange.body is None:
        yield "body", "missing"
        return
    if not exchange.headers.get("content-type", "").startswith("application/json"):
        yield "content-type", exchange.headers.get("content-type", "missing")
    yield from schema_problems(documents, file, described["schema"], exchange.body, "body")


def is_error(body):
    error = body.get("error") if isinstance(body, dict) else None
    return isinstance(error, dict) and all(
        isinstance(error.get(key), str) for key in ("code", "message")
    )


def schema_problems(documents, file, schema, value, place):
    """Yields where a value is not what its schema says."""
    file, schema = documents.resolve(file, schema)
    if value is None:
        if not schema.get("x-nullable"):
            yield place, "null"
        return
    yield from value_problems(schema, value, place)
    if isinstance(value, list):
        for item in value if "items" in schema else ():
            yield from schema_problems(documents, file, schema["items"], item, place + "#")
    elif isinstance(value, dict):
        yield from member_problems(documents, file, schema, value, place)


def member_problems(documents, file, schema, value, place):
    members, required, more = {}, set(), []
    gather(documents, file, schema, members, required, more)
    for name in required - set(value):
        yield "%s.%s" % (place, name), "missing"
    for name, inner in value.items():
        part = "%s.%s" % (place, name)
        if name in members:
            yield from schema_problems(documents, *members[name], inner, part)
        elif more:
            where, described = more[0]
            if isinstance(described, dict):
                yield from schema_problems(documents, where, described, inner, part)
        elif members:
            yield part, "no such member"


def gather(documents, file, schema, members, required, more):
    """Collects the members of a schema and of all that it is made of."""
    file, schema = documents.resolve(file, schema)
    for name, inner in schema.get("properties", {}).items():
        members[name] = (file, inner)
    required.update(schema.get("required", ()))
    if schema.get("additionalProperties"):
        more.append((file, schema["additionalProperties"]))
    for part in schema.get("allOf", ()):
        gather(documents, file, part, members, required, more)


def value_problems(schema, value, place):
    kind = TYPES.get(schema.get("type"), object)
    if not isinstance(value, kind) or (
        isinstance(value, bool) and kind is not bool and kind is not object
    ):
        yield place, "%s is no %s" % (json.dumps(value), schema["type"])
        return
    open_ended = schema.get("x-ms-enum", {}).get("modelAsString")
    if "enum" in schema and not open_ended and value not in schema["enum"]:
        yield place, "%s is none of %s" % (json.dumps(value), ", ".join(map(str, schema["enum"])))
    if isinstance(value, str):
        yield from string_problems(schema, value, place)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        if value < schema.get("minimum", value) or value > schema.get("maximum", value):
            yield place, "%s is out of bounds" % value
        if schema.get("format") == "int32" and not -(2**31) <= value < 2**31:
            yield place, "%s is no int32" % value


def string_problems(schema, value, place):
    form = FORMATS.get(schema.get("format"))
    if form and not form.search(value):
        yield place, "%s is no %s" % (json.dumps(value), schema["format"])
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield place, "%s does not match %s" % (json.dumps(value), schema["pattern"])
    if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
        yield place, "%s has a wrong length" % json.dumps(value)
