"""Runs main.py on several logical CPU devices: `python on_devices.py 2 --mode=...`."""

import pathlib
import runpy
import sys

MAIN = pathlib.Path(__file__).resolve().parent.parent / "main.py"

if __name__ == "__main__":
    sys.path.insert(0, str(MAIN.parent))
    from snas_tf import tensorflow_import

    tensorflow_import.import_tensorflow()
    import tensorflow as tf

    count = int(sys.argv.pop(1))
    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * count
    )
    sys.argv[0] = str(MAIN)
    del sys.path[1]  # This directory.
    runpy.run_path(str(MAIN), run_name="__main__")
