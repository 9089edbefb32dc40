"""BUILD in step with the sources: a pytest_test for each test file, deps as the imports say."""

import ast
import dataclasses
import functools
import graphlib
import pathlib
import re
import sys
import tomllib

import pytest

ROOT = pathlib.Path(__file__).parents[1]
RUNNER = "tests/bazel_main.py"
COMES_WITH_THE_RULE = {"@pypi//pytest", ":pytest"}

# Where the name to import is not the name to install.
LABELS = {
    "PIL": "@pypi//pillow",
    "absl": "@pypi//absl_py",
    "google": "@pypi//protobuf",  # What TensorFlow's records are messages of.
    "sklearn": "@pypi//scikit_learn",
}
# Needed at run time, though no source of the room imports it; BUILD says what for.
NOT_IMPORTED = {
    "data": {"@pypi//importlib_resources"},
    "training": {"@pypi//tensorboard", "@pypi//tensorflow_datasets"},
}


@dataclasses.dataclass(frozen=True)
class Target:
    rule: str
    name: str
    srcs: list[str]
    deps: list[str]

    @property
    def label(self):
        return f":{self.name}"


@functools.cache
def targets():
    """The targets of BUILD, whose language is a subset of Python's."""
    found = []

    def add(rule, name, srcs=(), src=None, deps=(), **_):
        found.append(Target(rule, name, [src] if src else srcs, deps))

    rules = ("py_library", "py_binary", "pytest_test")
    names = {rule: functools.partial(add, rule) for rule in rules}
    names |= {"glob": files, "load": lambda *_: None, "package": lambda **_: None}
    exec(compile((ROOT / "BUILD").read_text(encoding="utf-8"), "BUILD", "exec"), names)
    return found


def files(patterns, exclude=()):
    """What Bazel's glob finds."""

    def matching(patterns):
        found = (path for pattern in patterns for path in ROOT.glob(pattern))
        return {path.relative_to(ROOT).as_posix() for path in found if path.is_file()}

    return sorted(matching(patterns) - matching(exclude))


def sources():
    return ["main.py", *files(["flags/**/*.py", "snas_tf/**/*.py"])]


@functools.cache
def all_tests():
    return files(["tests/**/test_*.py"])


@functools.cache
def helpers():
    return sorted(set(files(["tests/**/*.py"])) - {*all_tests(), RUNNER})


@functools.cache
def libraries():
    """The label of the py_library that holds a file."""
    return {
        file: target.label
        for target in targets()
        if target.rule == "py_library"
        for file in target.srcs
    }


@functools.cache
def needs(file):
    """What a file imports, wherever in it: local files, and labels of what is installed."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    needed = set()
    for node in run_time_nodes(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                needed |= resolve(alias.name)
        elif isinstance(node, ast.ImportFrom):
            package = pathlib.PurePath(file).parts[: -node.level] if node.level else ()
            module = ".".join([*package, *filter(None, [node.module])])
            for alias in node.names:
                needed |= resolve(f"{module}.{alias.name}")
        elif (
            isinstance(node, ast.Constant)
            and file.startswith("tests/")
            and re.search(r"(^|[\s/])main\.py($|\s)", str(node.value))
        ):
            needed.add("main.py")  # It starts the program.
    if file in all_tests():
        folders = pathlib.PurePath(file).parents
        needed |= {f"{folder}/conftest.py" for folder in folders} & set(helpers())
    return needed - {file}


def run_time_nodes(node):
    """All nodes below, but for what only a type checker reads."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)):
            yield from run_time_nodes(child)


def resolve(dotted):
    top = dotted.split(".")[0]
    if (ROOT / top).is_dir() or (ROOT / f"{top}.py").is_file():
        while dotted:
            stem = dotted.replace(".", "/")
            for file in (f"{stem}.py", f"{stem}/__init__.py"):
                if (ROOT / file).is_file():
                    return {file}
            dotted = dotted.rpartition(".")[0]  # The last name was no module, but in one.
        return set()
    if top in sys.stdlib_module_names:
        return set()
    return {LABELS.get(top, f"@pypi//{top}")}


def expected_deps(srcs, label=None):
    """Labels, each with the file that needs it."""
    found = {}
    for file in srcs:
        for need in sorted(needs(file)):
            dep = need if need.startswith(("@", ":")) else libraries().get(need)
            if dep and dep != label:
                found.setdefault(dep, file)
    return found


def suggestion(file):
    """The pytest_test that BUILD lacks, to be pasted into it."""
    deps = sorted({*expected_deps([file])} - COMES_WITH_THE_RULE)
    lines = [
        "pytest_test(",
        f'    name = "{pathlib.PurePath(file).stem}",',
        f'    src = "{file}",',
        "    deps = [",
        *(f'        "{dep}",' for dep in deps),
        "    ],",
        ")",
    ]
    return "\n".join(lines)


def report(problems):
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)


def test_every_test_file_has_a_pytest_test():
    tested = {file for t in targets() if t.rule == "pytest_test" for file in t.srcs}
    problems = [
        f"BUILD lacks a pytest_test for {file}:\n{suggestion(file)}"
        for file in all_tests()
        if file not in tested
    ]
    report(problems)


def test_every_source_is_in_one_py_library():
    problems = []
    for file in [*sources(), *helpers()]:
        holders = [t.label for t in targets() if t.rule == "py_library" and file in t.srcs]
        if len(holders) != 1:
            problems.append(f"BUILD: {file} is in {' and '.join(holders) or 'no py_library'}")
    report(problems)


def test_deps_are_what_the_sources_import():
    problems = []
    for target in targets():
        expected = expected_deps(target.srcs, target.label)
        if target.rule == "pytest_test":
            for label in COMES_WITH_THE_RULE:
                expected.pop(label, None)
        if target.rule == "py_binary":
            expected = dict.fromkeys({libraries().get(file) for file in target.srcs}, "its srcs")
        for label in NOT_IMPORTED.get(target.name, ()):
            expected.setdefault(label, "tests/test_build.py:NOT_IMPORTED")
        problems += [
            f'BUILD {target.label}: deps lacks "{dep}", for {file}'
            for dep, file in sorted(expected.items())
            if dep not in target.deps
        ]
        problems += [
            f'BUILD {target.label}: deps has "{dep}", which none of its srcs imports'
            for dep in target.deps
            if dep not in expected
        ]
    report(problems)


def test_names_are_unique_and_deps_have_no_cycle():
    names = [target.name for target in targets()]
    assert not [name for name in names if names.count(name) > 1]
    graph = {
        target.label: [dep for dep in target.deps if dep.startswith(":")] for target in targets()
    }
    assert {dep for deps in graph.values() for dep in deps} <= set(graph)
    graphlib.TopologicalSorter(graph).prepare()


def pins(name):
    """Versions by the name that a label has."""
    found = re.findall(
        r"^([\w.-]+)==([^\s;]+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE
    )
    return {re.sub(r"[-_.]+", "_", package).lower(): version for package, version in found}


def test_the_lock_file_pins_every_package_as_the_requirements_do():
    module = (ROOT / "MODULE.bazel").read_text(encoding="utf-8")
    lock = re.search(r'requirements_lock = "//:(.+)"', module)[1]
    if not (ROOT / lock).is_file():
        pytest.fail(f"{lock}, which MODULE.bazel names, is missing", pytrace=False)
    locked = pins(lock)
    labels = {dep for target in targets() for dep in target.deps if dep.startswith("@pypi//")}
    problems = [f"{lock} lacks {label}" for label in sorted(labels) if label[7:] not in locked]
    for requirements in ("requirements.txt", "requirements-test.txt"):
        problems += [
            f"{lock}: {package} is {locked.get(package)}, in {requirements} it is {version}"
            for package, version in pins(requirements).items()
            if locked.get(package) != version
        ]
    report(problems)


def test_the_module_has_the_version_of_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module = (ROOT / "MODULE.bazel").read_text(encoding="utf-8")
    assert f'name = "{project["name"]}",\n    version = "{project["version"]}"' in module
