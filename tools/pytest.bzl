"""What makes test targets of test files."""

load("@rules_python//python:py_test.bzl", "py_test")

_RUNNER = "tests/bazel_main.py"

def pytest_tests(srcs, deps):
    """Makes a test of each file, named as the file, without .py; pytest runs it.

    Args:
        srcs: the test files.
        deps: what they import, and the runner.
    """
    for src in srcs:
        py_test(
            name = src[:-len(".py")],
            size = "large",  # Many run whole searches.
            srcs = [src, _RUNNER],
            args = [src],
            main = _RUNNER,
            deps = deps,
        )
