"""What makes a test target of a test file."""

load("@rules_python//python:py_test.bzl", "py_test")

_RUNNER = "tests/bazel_main.py"

def pytest_test(name, src, deps, **kwargs):
    """Runs a test file with pytest.

    Args:
        name: of the target.
        src: the test file.
        deps: what it imports, but for pytest.
        **kwargs: further attributes of the py_test.
    """
    py_test(
        name = name,
        srcs = [src, _RUNNER],
        args = [src],
        main = _RUNNER,
        deps = deps + [":pytest"],
        **kwargs
    )
