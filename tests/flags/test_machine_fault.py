import numpy as np
import pytest
import tensorflow as tf

from flags import machine_fault

NODE = "{{function_node __wrapped__SaveV2_device_/job:localhost/device:CPU:0}} "
OUT_OF_MEMORY = "OOM when allocating tensor with shape[9] and type uint8 on /job:x by allocator y"


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (tf.errors.ResourceExhaustedError, "runs/x; No space left on device"),
        (tf.errors.PermissionDeniedError, "runs/x; Permission denied"),
        (tf.errors.InvalidArgumentError, "runs/x; File name too long"),
        (tf.errors.ResourceExhaustedError, OUT_OF_MEMORY),
    ],
)
def test_of_tensorflow_only_what_the_system_says_is_left(kind, message):
    error = kind(None, None, f"{NODE}{message} [Op:SaveV2]\ntrace")
    assert machine_fault.describe(error) == message


def test_what_xla_can_not_compile_deterministically_is_said_with_the_flags():
    lacking = "GPU MaxPool gradient ops do not yet have a deterministic XLA implementation"
    message = f"Graph execution error:\n\n<stack traces unavailable>\n{lacking}.\n\t [[x]]"
    found = machine_fault.describe(tf.errors.UnimplementedError(None, None, message))
    assert found == f"--jit_compile: {lacking}, accepted: without --deterministic"


def test_too_large_an_array_is_out_of_memory():
    with pytest.raises(MemoryError) as raised:
        np.zeros(1 << 58, np.uint8)
    assert "out of memory (Unable to allocate" in machine_fault.describe(raised.value)


@pytest.mark.slow  # TensorFlow tries for ten seconds.
def test_too_large_a_tensor_is_one_line():
    with pytest.raises(tf.errors.ResourceExhaustedError) as raised:
        tf.zeros([1 << 56], tf.uint8)
    line = machine_fault.describe(raised.value)
    assert "OOM when allocating tensor" in line
    assert "\n" not in line


@pytest.mark.parametrize(
    "error",
    [
        ValueError("x"),
        FileNotFoundError(2, "No such file"),
        tf.errors.InvalidArgumentError(None, None, "shapes"),
    ],
)
def test_a_mistake_of_the_program_is_none(error):
    assert machine_fault.describe(error) is None
