import pytest

from snas_tf.runs import machine

X86 = "processor\t: 0\nmodel name\t: Some CPU\nflags\t\t: fpu avx512f {}\n"
ARM = "processor\t: 0\nFeatures\t: fp asimd {}\n"


@pytest.mark.parametrize(
    ("text", "precision", "lacking"),
    [
        (X86.format(""), "bfloat16", True),
        (X86.format("avx512_bf16"), "bfloat16", False),
        (X86.format("avx512_bf16"), "float16", True),
        (X86.format("amx_fp16"), "float16", False),
        (X86.format(""), "float32", False),
        (ARM.format(""), "bfloat16", True),
        (ARM.format("bf16"), "bfloat16", False),
        (None, "bfloat16", False),  # not Linux: nothing is known
    ],
)
def test_instructions_for_a_precision(monkeypatch, tmp_path, text, precision, lacking):
    path = tmp_path / "cpuinfo"
    if text is not None:
        path.write_text(text)
    monkeypatch.setattr(machine, "_CPU_INFO", path)
    assert machine.lacks_instructions(precision) is lacking
