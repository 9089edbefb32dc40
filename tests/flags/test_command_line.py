"""Each mode has its own flags and defaults."""

import collections

import pytest
from absl import flags

from flags import command_line, evaluate, help_text, imagenet, penalty, profile, search
from flags.modes import MODES
from flags.path import ROOT
from snas_tf.algorithms.search_monitor import SearchMonitor
from snas_tf.config import ChildConfig, DataConfig, ImageNetConfig, SearchConfig
from snas_tf.runs.run_record import RunRecord


def parse(*arguments):
    values = flags.FlagValues()
    command_line.parse(["main.py", *arguments], values)
    return values


def refusal(capsys, *arguments):
    with pytest.raises(SystemExit) as stop:
        parse(*arguments)
    assert stop.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line


def printed(capsys, *arguments):
    with pytest.raises(SystemExit) as stop:
        parse(*arguments)
    assert stop.value.code == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


@pytest.mark.parametrize(
    ("mode", "flag", "having"),
    [
        ("search", "--genotype=darts_v2", "evaluate or imagenet or profile"),
        ("search", "--label_smoothing=0.2", "imagenet"),
        ("evaluate", "--alpha_learning_rate=0.1", "search or compare or tune"),
        ("evaluate", "--constraint=mild", "search or compare or tune"),
        ("evaluate", "--penalty_baseline", "search or compare or tune"),
        ("evaluate", "--nopenalty_baseline", "search or compare or tune"),
        ("imagenet", "--initial_weights=x", "evaluate"),
        ("imagenet", "--validation_fraction=0.2", "search or compare or tune or evaluate"),
        ("profile", "--epochs=3", "search or compare or tune or evaluate or imagenet"),
        ("export", "--seed=3", "search or tune or evaluate or imagenet"),
        ("compare", "--seed=3", "search or tune or evaluate or imagenet"),
        ("compare", "--algorithm=darts", "search or tune"),
        ("search", "--random_children=3", "compare"),
    ],
)
def test_a_flag_that_the_mode_does_not_have_is_refused(capsys, mode, flag, having):
    line = refusal(capsys, f"--mode={mode}", flag)
    assert f"not a flag of --mode={mode}" in line
    assert line.endswith(f"with --mode={having}")
    for other in having.split(" or "):
        parse(f"--mode={other}", flag) if "initial" not in flag else None


def test_the_flags_of_a_preset_count_as_given(capsys):
    line = refusal(capsys, f"--flagfile={ROOT}/presets/demo.flags", "--mode=profile")
    assert "not a flag of --mode=profile" in line


@pytest.mark.parametrize("preset", sorted((ROOT / "presets").glob("*.flags")), ids=lambda p: p.stem)
def test_every_preset_has_a_mode_that_has_its_flags(preset, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    values = parse(f"--flagfile=presets/{preset.name}")
    config = MODES[values.mode].module.config(values)
    searches = getattr(config, "searches", {values.mode: config})
    assert {one.epochs for one in searches.values()} == {values.epochs}
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("arguments", [["--mode", "profile"], ["-mode=profile"]])
def test_the_last_mode_counts_in_every_spelling(arguments):
    assert parse("--mode=evaluate", *arguments, "--num_classes=7").num_classes == 7
    assert parse().mode == "search"


@pytest.mark.parametrize(
    ("mode", "module", "expected"),
    [
        ("search", search, SearchConfig()),
        ("evaluate", evaluate, ChildConfig(genotype="darts_v2")),
        ("imagenet", imagenet, ImageNetConfig(genotype="darts_v2")),
    ],
)
def test_a_modes_defaults_are_its_configs(mode, module, expected):
    genotype = [] if mode == "search" else ["--genotype=darts_v2"]
    assert module.config(parse(f"--mode={mode}", *genotype)) == expected


@pytest.mark.parametrize("mode", ["search", "evaluate", "imagenet"])
def test_making_a_config_changes_no_flag(mode):
    genotype = ["--scale_learning_rate"] if mode == "imagenet" else []
    genotype += [] if mode == "search" else ["--genotype=darts_v2"]
    values = parse(f"--mode={mode}", *genotype)
    before = {name: (values[name].value, values[name].default) for name in values}
    first = MODES[mode].module.config(values)
    assert first == MODES[mode].module.config(values)
    assert before == {name: (values[name].value, values[name].default) for name in values}


def test_a_level_of_the_constraint_is_a_weight():
    for level, weight in penalty.CONSTRAINT_WEIGHTS.items():
        assert search.config(parse(f"--constraint={level}")).constraint_weight == weight
    assert search.config(parse()).constraint_weight == 0
    assert search.config(parse("--constraint_weight=0.2")).constraint_weight == 0.2
    target = search.config(parse("--constraint=none", "--target_parameters=2e6"))
    assert (target.constraint_weight, target.target_parameters) == (0, 2e6)


def test_the_defaults_of_a_profile_follow_the_network():
    values = parse("--mode=profile", "--genotype=darts_v2", "--network=imagenet", "--num_cells=5")
    arguments = profile.arguments(values)
    assert arguments["num_cells"] == 5
    assert arguments["init_channels"] == 0
    assert (arguments["image_size"], arguments["num_classes"]) == (224, 1000)


def test_help_has_every_flag_under_every_mode_that_has_it(capsys):
    text = printed(capsys, "--help")
    sections = text.split("\nFlags of ")
    for name, mode in MODES.items():
        mine = "".join(part for part in sections if name in part.splitlines()[0])
        for flag in mode.define(flags.FlagValues()):
            assert f"--{flag}=" in mine or f"--[no]{flag}\n" in mine, (name, flag)
    for flag in ("alpha_learning_rate", "theta_learning_rate", "drop_path_probability"):
        assert text.count(f"  --{flag}=") == 1


@pytest.mark.parametrize("spelling", ["-h", "--help", "-help", "--helpshort", "-?"])
@pytest.mark.parametrize("mode", list(MODES))
def test_help_of_one_mode_has_its_flags_and_its_defaults_only(capsys, spelling, mode):
    text = printed(capsys, spelling, f"--mode={mode}")
    listed = {line.split("=")[0].strip() for line in text.splitlines() if line.startswith("  --")}
    own = {f"--{name}" for name in MODES[mode].define(flags.FlagValues())}
    assert {name.replace("[no]", "") for name in listed} == own | {
        "--mode",
        "--flagfile",
        "--helpfull",
    }
    if mode == "evaluate":
        assert "Passes over the training images. Default: 600." in text


def test_the_help_names_every_word_of_the_epoch_line(capsys):
    assert "penalty's share: " in printed(capsys, "--help")
    assert "Every epoch ends" not in printed(capsys, "--mode=profile", "--help")


def test_every_word_of_a_searchs_line_is_explained():
    row = collections.defaultdict(float, entropy_normal=0.0, entropy_reduce=0.0, penalty_share=0.0)
    line = SearchMonitor.describe(None, row)
    words = {part.split(" 0.")[0].split(" 0 ")[0] for part in line.split("  ")}
    assert words == set(help_text.EPOCH_LINE) - {"images/s", "left"}


def test_initial_weights_make_the_searchs_settings_the_defaults(tmp_path, capsys):
    config = SearchConfig(num_cells=5, init_channels=8)
    images = DataConfig("digits", image_size=9, validation_fraction=0.3)

    def record(kind):
        content = RunRecord.from_configs(kind, config, images, seed=3).to_json()
        (tmp_path / "run.json").write_text(content)

    given = ("--mode=evaluate", f"--initial_weights={tmp_path}")
    record("search")
    values = parse(*given, "--num_cells=6")
    assert (values.num_cells, values.init_channels, values.dataset) == (6, 8, "digits")
    assert (values.image_size, values.validation_fraction, values.seed) == (9, 0.3, 3)
    assert values.genotype == f"{tmp_path}/genotype.json"
    record("evaluate")
    assert "a run of --mode=evaluate, accepted: the --model_dir of" in refusal(capsys, *given)
