import json

import pytest

from snas_tf.config.cluster import ClusterConfig
from snas_tf.errors import UserError

TWO = ["10.0.0.1:2222", "10.0.0.2:2222"]


def read(cluster, kind="worker", index=0):
    text = json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}})
    return ClusterConfig.from_environment({"TF_CONFIG": text})


@pytest.mark.parametrize("environment", [{}, {"TF_CONFIG": ""}, {"TF_CONFIG": "{}"}])
def test_without_the_variable_a_process_is_alone(environment):
    alone = ClusterConfig.from_environment(environment)
    assert (alone.count, alone.index, alone.is_chief) == (1, 0, True)


def test_the_first_worker_is_the_chief_where_none_is_named():
    assert read({"worker": TWO}) == ClusterConfig(tuple(TWO), 0)
    assert read({"worker": TWO}).is_chief
    assert not read({"worker": TWO}, index=1).is_chief


def test_a_chief_comes_before_the_workers():
    cluster = {"worker": TWO, "chief": ["10.0.0.9:1"]}
    assert read(cluster, "chief") == ClusterConfig(("10.0.0.9:1", *TWO), 0)
    assert read(cluster, "worker", 1).index == 2


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "no cluster"),
        ("[]", "no cluster"),
        ('{"cluster": {"worker": ["a:1"]}}', "no cluster"),
        (json.dumps({"cluster": {"ps": ["a:1"]}, "task": {}}), "of 'ps' tasks"),
        (json.dumps({"cluster": {"chief": TWO}, "task": {}}), "of two chiefs"),
        (json.dumps({"cluster": {"worker": ["a"]}, "task": {}}), "'a' is no HOST:PORT"),
        (json.dumps({"cluster": {"worker": ["a:1"] * 2}, "task": {}}), "is there twice"),
        (
            json.dumps({"cluster": {"worker": TWO}, "task": {"type": "worker", "index": 2}}),
            "it has no worker 2",
        ),
    ],
)
def test_what_can_not_be_used_is_refused_in_one_line(text, reason):
    with pytest.raises(UserError) as error:
        ClusterConfig.from_environment({"TF_CONFIG": text})
    message = str(error.value)
    assert message.startswith("TF_CONFIG=")
    assert reason in message
    assert "accepted: {" in message
    assert len(message.splitlines()) == 1
