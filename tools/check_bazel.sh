#!/usr/bin/env bash
# Builds and tests what BUILD describes with Debian's Bazel (bazel-bootstrap 4.2), offline:
#
#     tools/check_bazel.sh                                 everything
#     tools/check_bazel.sh //:tests/architecture/test_cost this test, after building everything
#
# That Bazel reads no MODULE.bazel. Stubs take the place of its repositories: the rules are the
# native ones, and packages come from the interpreter, $PYTHON (default: .venv/bin/python).
set -euo pipefail
cd "$(dirname "$0")/.."

python=$(command -v "${PYTHON:-.venv/bin/python}") || {
    echo "check_bazel.sh: ${PYTHON:-.venv/bin/python}: no such interpreter, accepted: PYTHON=PATH" >&2
    exit 2
}
python=$(cd "$(dirname "$python")" && pwd)/$(basename "$python")

scratch=$(mktemp -d)
tree=$scratch/tree
stubs=$scratch/stubs
mkdir -p "$tree" "$scratch/bin"

run_bazel() {
    (cd "$tree" && PATH="$scratch/bin:$PATH" bazel --bazelrc="$scratch/bazelrc" \
        --output_user_root="$scratch/output" "$@")
}

clean_up() {
    run_bazel shutdown || true
    chmod -R u+w "$scratch" # Bazel's outputs are read-only.
    rm -rf "$scratch"
}
trap clean_up EXIT

# Rules' launchers ask for `python3`, or `python`. A link would lose a virtual environment.
printf '#!/bin/sh\nexec "%s" "$@"\n' "$python" | tee "$scratch/bin/python" >"$scratch/bin/python3"
chmod +x "$scratch"/bin/*

# A copy of the tree, as Bazel wants a WORKSPACE in it.
git ls-files -z --cached --others --exclude-standard |
    while IFS= read -r -d '' file; do
        if [[ -f $file ]]; then printf '%s\0' "$file"; fi
    done | xargs -0 cp --parents --target-directory="$tree"
echo 'workspace(name = "snas_tf")' >"$tree/WORKSPACE"

# repository NAME: an empty repository, put in the place of the one of that name.
repository() {
    mkdir -p "$stubs/$1"
    echo "workspace(name = \"$1\")" >"$stubs/$1/WORKSPACE"
    touch "$stubs/$1/BUILD"
    echo "build --override_repository=$1=$stubs/$1" >>"$scratch/bazelrc"
}

# native FILE RULE...: a .bzl that hands out native rules.
native() {
    local file=$stubs/$1 rule
    mkdir -p "$(dirname "$file")"
    touch "$(dirname "$file")/BUILD"
    for rule in "${@:2}"; do
        echo "$rule = native.$rule" >>"$file"
    done
}

repository rules_python
for rule in py_binary py_library py_test; do
    native "rules_python/python/$rule.bzl" "$rule"
done

repository pypi
grep --only-matching --no-filename '@pypi//[a-z0-9_]*' "$tree/BUILD" | sort --unique |
    while IFS= read -r label; do
        package=${label#@pypi//}
        mkdir "$stubs/pypi/$package"
        echo "py_library(name = \"$package\", visibility = [\"//visibility:public\"])" \
            >"$stubs/pypi/$package/BUILD"
    done

# What Bazel's own tools load.
repository rules_cc
native rules_cc/cc/defs.bzl cc_binary cc_import cc_library cc_proto_library cc_test cc_toolchain \
    cc_toolchain_suite fdo_prefetch_hints fdo_profile objc_import objc_library
repository rules_java
native rules_java/java/defs.bzl java_binary java_import java_library java_package_configuration \
    java_plugin java_runtime java_test java_toolchain
repository remote_coverage_tools
cat >"$stubs/remote_coverage_tools/BUILD" <<'END'
package(default_visibility = ["//visibility:public"])

sh_binary(name = "Main", srcs = ["none.sh"])

filegroup(name = "coverage_report_generator", srcs = ["none.sh"])

filegroup(name = "lcov_merger", srcs = ["none.sh"])
END
install -m 755 /dev/null "$stubs/remote_coverage_tools/none.sh"

# A test of a network uses every core by itself.
cat >>"$scratch/bazelrc" <<'END'
build --noshow_progress --nosandbox_debug
test --local_test_jobs=1 --test_output=errors
END

run_bazel build //...
run_bazel test "${@:-//...}"
