"""Prints the totals of a junit.xml: junit_totals.py FILE MOST_SKIPPED LEAST_PASSED.

Fails if a test failed, if more were skipped or fewer passed than given. Tests that were switched off do not count.
"""

import sys
import xml.etree.ElementTree as ElementTree

KINDS = ["tests", "failures", "errors", "skipped", "disabled"]


def main():
    path, most_skipped, least_passed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    suites = list(ElementTree.parse(path).getroot().iter("testsuite"))
    total = {kind: sum(int(suite.get(kind) or 0) for suite in suites) for kind in KINDS}
    passed = total["tests"] - sum(total[kind] for kind in KINDS[1:])
    print(f"{passed} passed,", " ".join(f"{kind}={total[kind]}" for kind in KINDS))
    failed = total["failures"] + total["errors"]
    sys.exit(failed > 0 or total["skipped"] > most_skipped or passed < least_passed)


main()
