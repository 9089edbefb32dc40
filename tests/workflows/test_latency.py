"""--mode=latency, as a user runs it, and what it computes from times."""

import dataclasses
import json

import numpy as np
import pytest

from snas_tf.architecture import child_latency, latency_file, network_parts, spaces
from snas_tf.config import LatencyConfig
from snas_tf.errors import UserError
from snas_tf.workflows import latency, profile
from snas_tf.workflows.comparison_runs import draw_genotype
from tests.latency_tables import make_table, write_table
from tests.programs import run


def test_a_table_is_measured_and_read_again(tmp_path):
    path = tmp_path / "a directory" / "table.json"
    path.parent.mkdir()
    size = ("--num_cells=1", "--init_channels=2", "--image_size=8", "--num_classes=3")
    done = run(
        "--mode=latency", f"--latency_table={path}", "--space=nasbench201", *size, "--rounds=1"
    )
    assert done.returncode == 0, done.stderr
    table = latency_file.read(path)
    assert (table.space, table.num_cells, table.runtime, table.threads) == (
        "nasbench201",
        1,
        "tensorflow",
        1,
    )
    assert table.machine["processor"] in done.stdout
    plan = spaces.NASBENCH201.plan_network(1, 2, (8, 8))
    assert [*table.timings] == network_parts.distinct_parts(plan, 3)
    assert all(str(part) in done.stdout for part in table.timings)
    assert done.stdout.count("a random child  predicted") == latency.NUM_CHILDREN
    assert [one.name for one in path.parent.iterdir()] == ["table.json"]
    cell = "--genotype=|nor_conv_3x3~0|+|none~0|none~1|+|none~0|skip_connect~1|none~2|"
    profiled = run("--mode=profile", f"--latency_table={path}", cell, *size)
    assert profiled.returncode == 0, profiled.stderr
    assert json.loads(profiled.stdout.splitlines()[-1])["predicted_latency_ms"] >= 0


def test_what_is_no_table_is_not_replaced(tmp_path):
    path = tmp_path / "notes.json"
    path.write_text("mine")
    with pytest.raises(UserError, match=r"notes\.json: no latency table"):
        latency.measure(LatencyConfig(path))
    assert path.read_text() == "mine"


def test_the_time_of_a_part_is_the_difference_of_many_and_few_copies():
    generator = np.random.default_rng(0)
    few = generator.uniform(1, 2, (9, 2))
    parts = generator.uniform(0.1, 0.2, (9, 2))
    times = np.empty((9, 4))
    times[:, 0::2], times[:, 1::2] = few, few + (latency.MANY - latency.FEW) * parts
    timings = latency.part_timings(times)
    for column, timing in zip(np.sort(parts, axis=0).T, timings, strict=True):
        expected = column[[4, 2, 6]]  # of nine values
        received = dataclasses.astuple(timing)
        np.testing.assert_allclose(received, expected, atol=1e-6)


def test_a_part_that_seems_to_take_no_time_takes_the_least():
    (timing,) = latency.part_timings(np.array([[2.0, 1.0], [2.0, 1.5]]))
    assert timing.lower == 0 < timing.median == timing.upper < 1e-5


def test_call_and_nodes_are_recovered_from_times_that_are_sums():
    table = dataclasses.replace(make_table(), call=0.25, node=0.02)
    timings = [*table.timings.values()]
    few = 0.25 + latency.FEW * np.array([timing.median for timing in timings])
    assert latency._fit_call(few, timings) == pytest.approx(0.25)
    genotypes = [draw_genotype(spaces.DARTS, 5, number) for number in range(3)]
    measured = [child_latency.predict(table, genotype) for genotype in genotypes]
    fitted = latency._fit_to_children(dataclasses.replace(table, node=0.0), genotypes, measured)
    assert fitted == table


def test_where_children_are_faster_than_their_parts_all_parts_are_scaled():
    table = dataclasses.replace(make_table(), node=0.0)
    genotypes = [draw_genotype(spaces.DARTS, 5, number) for number in range(3)]
    measured = [0.8 * child_latency.predict(table, genotype) for genotype in genotypes]
    fitted = latency._fit_to_children(table, genotypes, measured)
    predicted = [child_latency.predict(fitted, genotype) for genotype in genotypes]
    assert predicted == pytest.approx(measured, rel=1e-3)


def test_a_busy_machine_is_warned_of_where_it_matters(caplog, capsys):
    table = make_table()
    latency.report(latency.Measurement(table, (1.0,), (1.1,)))
    assert "predicted 1.000 ms  measured 1.100 ms" in capsys.readouterr().out
    assert not caplog.records
    *_, slowest = timings = dict(table.timings)
    first = next(iter(timings))
    for part in (first, slowest):  # The first takes 1/45 of the slowest one's time.
        timing = timings[part]
        timings[part] = dataclasses.replace(timing, upper=1.4 * timing.median)
    latency.report(latency.Measurement(dataclasses.replace(table, timings=timings), (), ()))
    (record,) = caplog.records
    assert record.getMessage().startswith("the quartiles of 1 of 45 parts are more than 20 % apart")
    assert f"of {slowest} by 45 %" in record.getMessage()


def test_a_profile_predicts_beside_what_it_measures(tmp_path, capsys):
    path, table = write_table(tmp_path / "t.json"), make_table()
    genotype = draw_genotype(spaces.DARTS, 1, 0)
    result = profile.profile(genotype, 3, 4, 8, latency_table=path)
    assert result["latency_ms"] > 0
    expected = child_latency.predict(table, genotype)
    assert result["predicted_latency_ms"] == pytest.approx(expected, abs=1e-3)
    times = [one["milliseconds"] for one in result["slowest"]]
    assert len(times) == 10
    assert times == sorted(times, reverse=True)
    counts = child_latency.child_parts(genotype, table.plan(spaces.DARTS), 10).counts
    assert times[0] == pytest.approx(max(n * table.latency(one) for one, n in counts.items()))
    profile.report(result)
    *lines, last = capsys.readouterr().out.splitlines()
    assert json.loads(last) == result
    assert f", {expected:.3f} ms predicted" in lines[-1]
    assert sum(" x " in line and line.lstrip()[0].isdigit() for line in lines) == 10
