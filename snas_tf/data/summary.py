"""The description of the images that a run prints before it trains."""

from collections.abc import Mapping, Sequence

from snas_tf.errors import printable

_NAMED_CLASSES = 10


def summarize(
    counts: Mapping[str, int],
    class_names: Sequence[str],
    image_size: str,
    mirror: bool,
    remarks: Sequence[str] = (),
) -> str:
    """Describe the images of a data set in a few lines.

    Args:
        counts: the number of images by part.
        class_names: in the order of the labels.
        image_size: in pixels, and how the images get it.
        mirror: whether training images are mirrored at random.
        remarks: remarks for the user, such as files left out.
    """
    mirrored = "half of the training images, at random; `mirror`=False if left and right matter"
    lines = [
        f"images    {', '.join(f'{count:,} {part}' for part, count in counts.items())}",
        f"classes   {len(class_names)}: {list_names(class_names)}",
        f"size      {image_size}",
        f"mirrored  {mirrored if mirror else 'no'}",
        *(f"note      {remark}" for remark in remarks),
    ]
    return "\n".join(map(printable, lines))


def list_names(names: Sequence[str]) -> str:
    """Join names; of more than ten, the first ten and the number of the others."""
    more = len(names) - _NAMED_CLASSES
    return ", ".join([*names[:_NAMED_CLASSES], *([f"and {more:,} more"] if more > 0 else [])])
