#!/usr/bin/env bash
# Builds sdist and wheel, installs the wheel into an empty environment of each Python that is named,
# and uses it from an empty directory, then an editable install; takes minutes, most of it pip's:
#
#     tools/check_package.sh python3.11 python3.13
set -euo pipefail
cd "$(dirname "$0")/.."
if [[ $# -eq 0 ]]; then
    echo "check_package.sh: no Python given, accepted: commands or paths, such as python3.11" >&2
    exit 2
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail() {
    echo "check_package.sh: $*" >&2
    exit 1
}

# The program in an empty directory, by the command that is given.
use() {
    local model_dir=$scratch/runs/$RANDOM
    (
        cd "$(mktemp -d -p "$scratch")"
        "$@" --help | grep --quiet '^usage: snas --mode=MODE'
        "$@" --mode=search --dataset=digits --num_cells=3 --init_channels=2 --batch_size=160 \
            --epochs=1 --model_dir="$model_dir" >/dev/null
        "$@" --mode=profile --genotype="$model_dir/genotype.json" --num_cells=3 >/dev/null
        if "$@" --flagfile=presets/cifar10_small_evaluation.flags --model_dir=/dev/null/run \
            2>"$scratch/error"; then
            fail "$*: wrote to /dev/null/run"
        fi
        grep --quiet "^snas: --model_dir=/dev/null/run: can't be written" "$scratch/error" ||
            fail "$*: $(cat "$scratch/error")"
        [[ -z $(ls -A) ]] || fail "$*: left $(ls -A) behind"
    )
    [[ -s $model_dir/normal.png ]] || fail "$*: no picture of the cell"
}

packages() {
    "$1" -c 'import sysconfig; print(sysconfig.get_path("purelib"))' | xargs ls -A | sort
}

"$1" -m venv "$scratch/build"
"$scratch/build/bin/pip" install --quiet build
"$scratch/build/bin/python" -m build --outdir "$scratch/dist" . >/dev/null

for python in "$@"; do
    environment=$scratch/environment
    rm -rf "$environment"
    "$python" -m venv "$environment"
    pip=("$environment/bin/pip" --quiet --disable-pip-version-check)
    "${pip[@]}" install "$scratch"/dist/*.whl
    packages "$environment/bin/python" >"$scratch/with"
    use "$environment/bin/snas"
    use "$environment/bin/python" -m snas_tf
    "${pip[@]}" uninstall --yes snas_tf
    packages "$environment/bin/python" >"$scratch/without"
    brought=$(comm -23 "$scratch/with" "$scratch/without" | paste --serial --delimiters=' ')
    [[ $brought =~ ^snas_tf\ snas_tf-[0-9.]+\.dist-info$ ]] || fail "installs $brought"
    "${pip[@]}" install --no-deps --editable .
    use "$environment/bin/snas"
    echo "$("$python" --version): wheel, python -m snas_tf and editable install work"
done
