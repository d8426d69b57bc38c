"""A tenant of a hundred thousand accounts in the emulator: all of it is there, and it stays small.

What is measured is the most memory that the emulator ever held: while it made the tenant up, was
read and rotated, and wrote its snapshot at the end.
"""

import argparse
import resource
import sys

from emulator import Emulator
from exchange import Caller

ARM = "https://management.azure.com"
ACCOUNTS = 100_000
SUBSCRIPTIONS = 100
ENROLLED = 20_000
SIZES = "accounts=%d,subscriptions=%d,vaults=200,enrolled=%d,seed=7"
LIMIT = 300_000_000
# Linux counts in kibibytes, macOS in bytes.
UNIT = 1 if sys.platform == "darwin" else 1024


def pages(caller, url):
    """Yields every item of a list, page by page."""
    while url:
        body = caller.send("GET", url).body
        caller.exchanges.clear()
        yield from body["value"]
        url = body.get("nextLink")


def counts(caller):
    """Counts the subscriptions, the accounts of one of them, and the accounts of the tenant."""
    subscriptions = list(pages(caller, ARM + "/subscriptions?api-version=2022-12-01"))
    path = "/providers/Microsoft.Storage/storageAccounts?api-version=2023-05-01"
    first = list(pages(caller, ARM + subscriptions[0]["id"] + path))
    query = {"query": "Resources | where type =~ 'microsoft.storage/storageaccounts'"}
    path = "/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01"
    found = caller.send("POST", ARM + path, query).body
    return len(subscriptions), len(first), found["totalRecords"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keyrotation", required=True)
    options = parser.parse_args()
    sizes = SIZES % (ACCOUNTS, SUBSCRIPTIONS, ENROLLED)
    with Emulator(options.keyrotation, generate=sizes) as azure:
        found = counts(Caller(azure))
        azure.control("POST", "/clock", {"advance": "P46D"})
    if found != (SUBSCRIPTIONS, ACCOUNTS // SUBSCRIPTIONS, ACCOUNTS):
        raise AssertionError("%d subscriptions, %d accounts in the first, %d in all" % found)
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * UNIT
    print("%d accounts, %d enrolled: %d MB at most" % (ACCOUNTS, ENROLLED, most // 1_000_000))
    if most >= LIMIT:
        raise AssertionError("%d bytes, not below %d" % (most, LIMIT))


if __name__ == "__main__":
    main()
