"""Prints how Keras and matplotlib are set up in the program; run by test_tensorflow_import.py."""

from snas_tf import tensorflow_import


def main():
    tensorflow_import.import_tensorflow()
    import keras

    from snas_tf import plots

    print(
        keras.backend.backend(),
        keras.config.floatx(),
        keras.config.image_data_format(),
        keras.config.dtype_policy().name,
        keras.config.epsilon(),
        keras.config.max_epochs(),
    )
    print(plots.to_png_bytes(plots.draw_curves([], ""))[1:4].decode())


if __name__ == "__main__":
    main()
