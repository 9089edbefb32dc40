"""Run pytest on files: the entry point of every pytest_test in BUILD."""

import os
import sys

import pytest


def main() -> int:
    """Return the exit code of pytest."""
    scratch = os.environ["TEST_TMPDIR"]
    os.environ.setdefault("HOME", scratch)
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = os.path.join(scratch, "hypothesis")
    # Programs that a test starts find the packages that the test finds.
    os.environ["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    arguments = ["-p", "no:cacheprovider", f"--basetemp={scratch}/pytest"]
    if report := os.environ.get("XML_OUTPUT_FILE"):
        arguments.append(f"--junitxml={report}")
    if chosen := os.environ.get("TESTBRIDGE_TEST_ONLY"):  # bazel test --test_filter
        arguments += ["-k", chosen]
    return pytest.main([*arguments, *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
