"""Fields of configs in the library's messages become flags."""

import io
import logging

import pytest

from flags import wording
from flags.wording import to_flags


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("`batch_size`=512: more than 90", "--batch_size=512: more than 90"),
        ("accepted: another `model_dir`", "accepted: another --model_dir"),
        ("a run of `kind`=evaluate", "a run of --mode=evaluate"),
        ("`file_format`=onnx: needs", "--format=onnx: needs"),
        ("`mirror`=False if left and right matter", "--nomirror if left and right matter"),
        ("or `skip_corrupt_images`=True to", "or --skip_corrupt_images to"),
        ("`init_channels`=0: needs a limit", "--init_channels=auto: needs a limit"),
        ("(`auxiliary_weight`): it", "(--auxiliary_weight): it"),
        ("`dataset`=folder `data_dir`=DIR", "--dataset=folder --data_dir=DIR"),
        ("`seed`=0: the run has `seed`=1", "--seed=0: the run has --seed=1"),
        ("`epochs`=0, `num_seeds`=3", "--epochs=0, --num_seeds=3"),
        ("`image_size`=None", "--image_size=None"),
        ("after `pip install tf2onnx onnx`", "after `pip install tf2onnx onnx`"),
        ("`no_such_setting`=3", "`no_such_setting`=3"),
        ("`model_dir`=runs/a`seed`b: gone", "--model_dir=runs/a`seed`b: gone"),
        ("nothing to replace", "nothing to replace"),
    ],
)
def test_a_setting_becomes_the_flag_of_its_name(message, expected):
    assert to_flags(message) == expected
    assert to_flags(expected) == expected


def test_log_messages_and_what_is_printed_name_flags_too():
    record = logging.LogRecord("absl", logging.WARNING, __file__, 1, "%s", ("raise `seed`",), None)
    assert wording.FlagFormatter().format(record).endswith("raise --seed")
    buffer = io.BytesIO()
    stream = wording.FlagStream(buffer, "utf-8")
    print("mirrored  `mirror`=False if", file=stream, flush=True)
    assert buffer.getvalue() == b"mirrored  --nomirror if\n"
