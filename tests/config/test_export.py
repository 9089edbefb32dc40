"""The config of an export."""

import pytest

from snas_tf.config.export import EXPORT_FORMATS, QUANTIZATIONS, ExportConfig
from snas_tf.errors import UserError


@pytest.mark.parametrize("quantize", QUANTIZATIONS)
def test_only_a_tflite_file_is_quantized(quantize):
    assert ExportConfig("run", "tflite", quantize=quantize).quantize == quantize
    for other in set(EXPORT_FORMATS) - {"tflite"}:
        with pytest.raises(UserError) as error:
            ExportConfig("run", other, quantize=quantize)
        assert str(error.value) == (
            f"`quantize`={quantize}: given with `file_format`={other}, "
            "accepted: with `file_format`=tflite"
        )


@pytest.mark.parametrize("quantize", [None, "float16"])
def test_a_place_of_images_is_refused_where_none_are_read(quantize):
    with pytest.raises(UserError, match="`data_dir`=x: given, but no images are read, accepted: "):
        ExportConfig("run", "tflite", quantize=quantize, data_dir="x")
    ExportConfig("run", "tflite", quantize="int8", data_dir="x")


@pytest.mark.parametrize(
    ("name", "value", "accepted"),
    [("export_weights", "first", "last, best, or None"), ("quantize", "int4", "float16, int8")],
)
def test_an_unknown_choice_is_refused(name, value, accepted):
    with pytest.raises(UserError, match=f"`{name}`={value}: unknown, accepted: {accepted}"):
        ExportConfig("run", **{name: value})
