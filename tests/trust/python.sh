# A module of CPython's own tests, or one class of it; answers how each of its tests ended.
# NEEDS: /usr/bin/python3 /usr/lib/python3.11/test/test_os.py
cat >outcomes.py <<'PYTHON'
"""Runs the tests named by the first argument and prints one line for each: its id, and how it ended."""
import sys
import unittest
from test import support


class Outcomes(unittest.TextTestResult):
    """Keeps the outcome of every test; subtests count for the test they belong to."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.outcomes = {}

    def note(self, test, outcome):
        self.outcomes[test.id()] = outcome

    def addSuccess(self, test):
        super().addSuccess(test)
        self.note(test, "ok")

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.note(test, "failed")

    def addError(self, test, error):
        super().addError(test, error)
        self.note(test, "error")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.note(test, "skipped")

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        if error is not None:
            self.note(test, "failed")


def single(tests):
    """Every test by itself, but those of AF_VSOCK, which wait for ever where no hypervisor answers."""
    for test in tests:
        if isinstance(test, unittest.TestSuite):
            yield from single(test)
        elif "VSOCK" not in test.id():
            yield test


if __name__ == "__main__":
    support.use_resources = []      # no network beyond this machine, no audio, no windows
    answers = open("answers", "w")  # tests may capture or close what they write to otherwise
    suite = unittest.defaultTestLoader.loadTestsFromName("test." + sys.argv[1])
    result = unittest.TextTestRunner(resultclass=Outcomes, verbosity=2).run(unittest.TestSuite(single(suite)))
    for identity, outcome in sorted(result.outcomes.items()):
        print(identity, outcome, file=answers)
    print(result.testsRun, "tests", file=answers)
    answers.close()
    sys.exit(not result.wasSuccessful())
PYTHON
status=0
$TRACE /usr/bin/python3 outcomes.py "$1" >&2 || status=$?
cat answers
exit $status
