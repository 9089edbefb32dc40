"""BUILD lists every file once, with its imports; its pins are those of the requirements."""

import ast
import functools
import graphlib
import pathlib
import re
import sys

import pytest

import snas_tf

ROOT = pathlib.Path(__file__).parents[1]
# Where the name to import is not the name to install.
PACKAGES = {
    "PIL": "pillow",
    "absl": "absl_py",
    "google": "protobuf",
    "grpc": "grpcio",
    "sklearn": "scikit_learn",
}


@functools.cache
def targets():
    """(rule, arguments) of every target in BUILD, whose language is a subset of Python's."""
    found = []

    def rule(kind):
        return lambda **arguments: found.append((kind, arguments))

    names = {kind: rule(kind) for kind in ("py_library", "py_binary", "pytest_tests")}
    names |= {"glob": files, "load": lambda *_: None, "package": lambda **_: None}
    exec(compile((ROOT / "BUILD").read_text(encoding="utf-8"), "BUILD", "exec"), names)
    return found


def files(patterns, exclude=(), allow_empty=False):
    """What Bazel's glob finds."""

    def matching(patterns):
        found = (path for pattern in patterns for path in ROOT.glob(pattern))
        return {path.relative_to(ROOT).as_posix() for path in found if path.is_file()}

    found = sorted(matching(patterns) - matching(exclude))
    assert found or allow_empty, patterns
    return found


def libraries():
    """The label and the arguments of every py_library."""
    return [(f":{given['name']}", given) for kind, given in targets() if kind == "py_library"]


@functools.cache
def holders(file):
    """The labels of the libraries that hold a file."""
    return [label for label, given in libraries() if file in given.get("srcs", ())]


def sources():
    everything = files(["main.py", "flags/**/*.py", "snas_tf/**/*.py", "tests/**/*.py"])
    return sorted({*everything} - {*all_tests()})


def all_tests():
    return files(["tests/**/test_*.py"])


@functools.cache
def needs(file):
    """The labels of what a file imports, wherever in it."""
    needed = set()
    for node in run_time_nodes(ast.parse((ROOT / file).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            needed |= {label(alias.name) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = pathlib.PurePath(file).parts[: -node.level] if node.level else ()
            module = ".".join([*package, *filter(None, [node.module])])
            needed |= {label(f"{module}.{alias.name}") for alias in node.names}
    return needed - {None}


def run_time_nodes(node):
    """All nodes below, but for what only a type checker reads."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)):
            yield from run_time_nodes(child)


def label(dotted):
    """The label of what has this name in Python; None for the standard library."""
    top = dotted.split(".")[0]
    if top in sys.stdlib_module_names:
        return None
    while dotted:
        stem = dotted.replace(".", "/")
        for file in (f"{stem}.py", f"{stem}/__init__.py"):
            if (ROOT / file).is_file():
                return (holders(file) or [None])[0]
        dotted = dotted.rpartition(".")[0]  # The last name was no module, but in one.
    return f"@pypi//{PACKAGES.get(top, top)}"


def transitive(labels):
    """The libraries and packages among labels, and those that they depend on."""
    deps = {own: given.get("deps", ()) for own, given in libraries()}
    reached, rest = set(), list(labels)
    while rest:
        current = rest.pop()
        if current not in reached:
            reached.add(current)
            rest += deps.get(current, ())
    return reached


def report(problems):
    text = "\n".join(problems)
    if text:
        pytest.fail(text, pytrace=False)


def test_every_source_is_in_one_library():
    report(
        f"BUILD: {file} is in {' and '.join(holders(file)) or 'no py_library'}"
        for file in sources()
        if len(holders(file)) != 1
    )


def test_every_library_depends_on_what_its_sources_import():
    report(
        f'BUILD: deps of {own} lack "{need}", for {file}'
        for own, given in libraries()
        for file in given.get("srcs", ())
        for need in sorted(needs(file) - {own, *given.get("deps", ())})
    )


def test_every_test_file_has_a_target_with_what_it_imports():
    ((_, given),) = [target for target in targets() if target[0] == "pytest_tests"]
    assert given["srcs"] == all_tests()
    reached = transitive(given["deps"])
    report(
        f'BUILD: deps of :test_support lack "{need}", for {file}'
        for file in all_tests()
        for need in sorted(needs(file) - reached)
    )


def test_every_label_is_that_of_a_target_and_no_library_needs_itself():
    graph = {own: [dep for dep in given["deps"] if dep[0] == ":"] for own, given in libraries()}
    for _, given in targets():
        assert {dep for dep in given["deps"] if dep[0] == ":"} <= set(graph)
    graphlib.TopologicalSorter(graph).prepare()  # raises where there is a circle


def pins(name):
    """Versions by the name that a label has."""
    found = re.findall(
        r"^([\w.-]+)==([^\s;]+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE
    )
    return {re.sub(r"[-_.]+", "_", package).lower(): version for package, version in found}


def test_the_lock_file_pins_every_package_as_the_requirements_do():
    module = (ROOT / "MODULE.bazel").read_text(encoding="utf-8")
    lock = re.search(r'requirements_lock = "//:(.+)"', module)[1]
    locked = pins(lock)
    labels = {dep for _, given in targets() for dep in given["deps"] if dep.startswith("@pypi//")}
    problems = [f"{lock} lacks {label}" for label in sorted(labels) if label[7:] not in locked]
    for requirements in ("requirements.txt", "requirements-test.txt"):
        problems += [
            f"{lock}: {package} is {locked.get(package)}, in {requirements} it is {version}"
            for package, version in pins(requirements).items()
            if locked.get(package) != version
        ]
    report(problems)


def test_the_module_has_the_version_of_the_package():
    module = (ROOT / "MODULE.bazel").read_text(encoding="utf-8")
    assert f'name = "snas_tf",\n    version = "{snas_tf.__version__}"' in module
