"""The export of a trained child as an ONNX file."""

import json
from typing import Any

from snas_tf import standard_error
from snas_tf.config import ExportConfig
from snas_tf.errors import UserError
from snas_tf.workflows.export_formats import metadata
from snas_tf.workflows.export_formats.serving import fixed_size
from snas_tf.workflows.trained_child import TrainedChild


def write(child: TrainedChild, config: ExportConfig) -> dict[str, Any]:
    """Write `model.onnx`: from any number of images to their probabilities.

    Its `metadata_props` hold the entries of its description, as JSON texts.

    Raises:
        UserError: the converter is not installed.
    """
    try:
        import onnx
        import tf2onnx
    except ImportError as error:
        raise UserError(
            "`file_format`=onnx: needs packages that are not installed, accepted: after "
            "`pip install tf2onnx onnx`"
        ) from error
    serve = fixed_size(child.network.exported(), child.described, batch=None)
    with standard_error.silenced():
        model, _ = tf2onnx.convert.from_function(serve, serve.input_signature)
    for tensor in (*model.graph.input, *model.graph.output):
        tensor.type.tensor_type.shape.dim[0].dim_param = "batch"
    described = metadata.describe(child, config)
    texts = {name: json.dumps(value) for name, value in described.items()}
    onnx.helper.set_model_props(model, texts)
    path = child.run.path / "model.onnx"
    return metadata.replace(path, described, lambda partial: onnx.save(model, str(partial)))
