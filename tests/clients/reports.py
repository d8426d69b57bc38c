"""The reports of `keyrotation check`, read by software that we did not write.

The reports of the model outcome are the snapshots of the tests in `cli`; those of a large fleet are
written by the program itself. The first thing that is not as its readers expect ends this program.
"""

import argparse
import csv
import io
import json
import pathlib
import subprocess
import time

import emulator
import report_page
from browser import Browser

ROOT = pathlib.Path(__file__).resolve().parents[2]
SNAPSHOTS = ROOT / "cli/src/report/snapshots"
ACCOUNTS = 10_000
LARGE = "accounts=%d,subscriptions=20,vaults=40,enrolled=1000,seed=7" % ACCOUNTS
FORMS = ("json", "jsonl", "sarif", "junit", "csv", "ocsf", "prometheus", "markdown", "html")
# What the model outcome holds.
MODEL = {"tests": 9, "failures": 3, "errors": 2, "skipped": 2}


def snapshot(form):
    text = (SNAPSHOTS / ("cli__report__tests__%s.snap" % form)).read_text()
    return text.split("\n---\n", 1)[1]


def validate(document, schema):
    import jsonschema

    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    errors = list(kind(schema, format_checker=kind.FORMAT_CHECKER).iter_errors(document))
    expect(not errors, "; ".join("%s: %s" % (e.json_path, e.message[:300]) for e in errors[:5]))


def check_sarif(text, schema):
    """SARIF under the published schema of version 2.1.0, and our own promises for code scanning."""
    log = json.loads(text)
    validate(log, schema)
    run = log["runs"][0]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    prints = set()
    for result in run["results"]:
        expect(rules[result["ruleIndex"]] == result["ruleId"], "a rule at another place")
        prints.add(json.dumps(result["partialFingerprints"]))
    expect(len(prints) == len(run["results"]), "two results with one fingerprint")
    return len(run["results"])


def check_json(text):
    """The JSON report under our published schema."""
    report = json.loads(text)
    validate(report, json.loads((ROOT / "cli/schema/report.v1.json").read_text()))
    return len(report["accounts"])


def check_jsonl(text):
    """Every record of the stream under the definition of its kind."""
    schema = json.loads((ROOT / "cli/schema/report.v1.json").read_text())
    records = [json.loads(line) for line in text.splitlines()]
    for record in records:
        reference = "#/$defs/%s_record" % record["record"]
        validate(record, {"$ref": reference, "$defs": schema["$defs"]})
    return len(records)


def check_junit(text):
    """JUnit as `junitparser` reads it: the sums are those of the cases."""
    import junitparser

    document = junitparser.JUnitXml.fromstring(text.encode())
    cases = [case for suite in document for case in suite]
    kinds = [type(result).__name__ for case in cases for result in case.result]
    found = {
        "tests": len(cases),
        "failures": kinds.count("Failure"),
        "errors": kinds.count("Error"),
        "skipped": kinds.count("Skipped"),
    }
    said = {name: getattr(document, name) for name in found}
    expect(said == found, "the sums %s are not those of the cases %s" % (said, found))
    return found


def check_csv(text):
    """CSV as Python reads it: every row has the columns of the head, and no cell is a formula."""
    rows = list(csv.DictReader(io.StringIO(text), strict=True))
    for row in rows:
        expect(None not in row and None not in row.values(), "a row of another length: %s" % row)
        cells = [cell for cell in row.values() if cell[:1] in "=+-@" and cell]
        expect(not cells, "a formula: %s" % cells)
    return len(rows)


def check_ocsf(text):
    """Every event of the stream as the OCSF models of Prowler read it."""
    from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding

    lines = text.splitlines()
    for line in lines:
        ComplianceFinding.model_validate_json(line)
    return len(lines)


def check_prometheus(text):
    """The gauges as Prometheus's own client reads them."""
    from prometheus_client.parser import text_string_to_metric_families

    families = list(text_string_to_metric_families(text))
    samples = [sample for family in families for sample in family.samples]
    series = {(sample.name, tuple(sorted(sample.labels.items()))) for sample in samples}
    expect(len(series) == len(samples), "a series twice")
    return len(samples)


def check_model(schema):
    """All formats of the model outcome."""
    found = {
        "sarif": check_sarif(snapshot("sarif"), schema),
        "json": check_json(snapshot("json")),
        "jsonl": check_jsonl(snapshot("jsonl")),
        "csv": check_csv(snapshot("csv")),
        "ocsf": check_ocsf(snapshot("ocsf")),
        "prometheus": check_prometheus(snapshot("prometheus")),
    }
    junit = check_junit(snapshot("junit"))
    expect(junit == MODEL, "JUnit: %s" % junit)
    return ", ".join("%s %d" % pair for pair in found.items())


def check_large(program, folder, schema):
    """All formats of a fleet of ten thousand accounts, written in one run."""
    with emulator.Emulator(program, generate=LARGE) as azure:
        command = [program, "check"]
        for form in FORMS:
            command += ["--output", "%s=%s" % (form, folder / ("large." + form))]
        done = subprocess.run(
            command, env=azure.environment(), capture_output=True, text=True, timeout=300
        )
    expect(done.returncode == 2, "exit code %d: %s" % (done.returncode, done.stderr[-2000:]))
    expect(done.stdout == "", "a report that nobody asked for: " + done.stdout[:200])
    text = lambda form: (folder / ("large." + form)).read_text()
    expect(check_json(text("json")) == ACCOUNTS, "not all accounts are in the JSON report")
    expect(check_junit(text("junit"))["tests"] >= ACCOUNTS, "not all accounts are test cases")
    expect(check_csv(text("csv")) >= ACCOUNTS, "not all accounts are rows")
    found = check_sarif(text("sarif"), schema), check_prometheus(text("prometheus"))
    expect(len(text("markdown")) < 1 << 20, "the summary is too long for a pipeline's page")
    size = (folder / "large.html").stat().st_size / 1e6
    return "%d results, %d gauges, %.1f MB of HTML" % (*found, size)


def expect(fact, what):
    if not fact:
        raise AssertionError(what)


def report(name, check, *arguments):
    begin = time.monotonic()
    found = check(*arguments)
    first = check.__doc__.strip().splitlines()[0]
    took = time.monotonic() - begin
    print("%5.1f s  %s: %s%s" % (took, name, first, " (%s)" % found if found else ""), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for option in ("--keyrotation", "--sarif-schema", "--chromium", "--output"):
        parser.add_argument(option, required=True)
    options = parser.parse_args()
    folder = pathlib.Path(options.output)
    folder.mkdir(parents=True, exist_ok=True)
    schema = json.loads(pathlib.Path(options.sarif_schema).read_text())
    model = folder / "model.html"
    model.write_text(snapshot("html"))
    report("model", check_model, schema)
    report("large", check_large, options.keyrotation, folder, schema)
    with Browser(options.chromium) as chromium:
        report("page", report_page.everything, chromium, model, folder)
        report("page", report_page.without_script, chromium, model)
        report("page", report_page.on_paper, chromium, model)
        report("page", report_page.large, chromium, folder / "large.html", ACCOUNTS)


main()
