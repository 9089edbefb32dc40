"""Settings of TensorFlow, Keras and matplotlib, whatever the user's environment."""

import json
import os
import subprocess
import sys

from tests.programs import ROOT


def test_what_is_set_for_other_programs_does_not_matter(tmp_path):
    config = {
        "floatx": "float16",
        "image_data_format": "channels_first",
        "backend": "jax",
        "epsilon": 0.5,
    }
    (tmp_path / ".keras").mkdir()
    (tmp_path / ".keras" / "keras.json").write_text(json.dumps(config))
    environment = {
        **os.environ,
        "HOME": str(tmp_path),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "KERAS_BACKEND": "jax",
        "KERAS_MAX_EPOCHS": "1",
        "KERAS_HOME": str(tmp_path / ".keras"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.imports_tensorflow"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "tensorflow float32 channels_last float32 1e-07 None",
        "PNG",
    ]
