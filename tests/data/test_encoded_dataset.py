import dataclasses
import functools

import numpy as np
import PIL.Image
import pytest

from snas_tf.config import DataConfig
from snas_tf.data import encoded_collection
from snas_tf.data.batches import VALIDATION, BatchConfig
from snas_tf.data.encoded_dataset import EncodedDataset
from snas_tf.data.image_errors import as_user_errors
from snas_tf.errors import UserError
from tests.data.images_on_disk import CORRUPT, make_folder, picture, png_header, save
from tests.slow import slow

SIZE = 32


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return make_folder(tmp_path_factory.mktemp("images"))


def load(root, batch_size=4, **values):
    config = DataConfig("folder", root, SIZE, batch_size, **values)
    return encoded_collection.read(config).split(seed=0), BatchConfig.from_config(config, seed=0)


def batches(root, seed=0, first_step=0, num_steps=8, **options):
    dataset, config = load(root)
    config = dataclasses.replace(config, seed=seed, **options)
    return list(dataset.training_batches(config, first_step, num_steps).as_numpy_iterator())


@functools.cache
def uninterrupted(root, **options):
    return batches(root, **options)


def equal(first, other):
    return len(first) == len(other) and all(
        a.keys() == b.keys() and all((a[key] == b[key]).all() for key in a)
        for a, b in zip(first, other, strict=True)
    )


def test_the_same_seed_gives_the_same_batches_and_another_seed_others(root):
    first = uninterrupted(root)
    assert equal(batches(root), first)
    assert not any(
        (a["image"] == b["image"]).all() for a, b in zip(first, batches(root, 1), strict=True)
    )


@pytest.mark.parametrize("first_step", [slow(1), 4, 6])
def test_a_resumed_training_takes_the_tail_of_the_uninterrupted_one(root, first_step):
    resumed = batches(root, first_step=first_step, num_steps=8 - first_step, cutout_length=8)
    assert equal(resumed, uninterrupted(root, cutout_length=8)[first_step:])


def test_every_epoch_takes_images_once_in_an_order_of_its_own(root):
    dataset, _ = load(root)
    assert dataset.steps_per_epoch(4) == 4
    found = uninterrupted(root)
    orders = [np.concatenate([b["index"] for b in found[i : i + 4]]) for i in (0, 4)]
    for order in orders:
        assert len(set(order)) == 16
        assert set(order) <= set(range(19))
    assert (orders[0] != orders[1]).any()


def test_batches_have_the_labels_of_their_index_and_static_shapes(root):
    dataset, config = load(root)
    found = dataset.training_batches(config, 0, 4)
    shapes = {key: spec.shape.as_list() for key, spec in found.element_spec.items()}
    assert shapes == {"image": [4, SIZE, SIZE, 3], "label": [4], "index": [4]}
    for batch in found.as_numpy_iterator():
        assert [dataset.train.files[i][1] for i in batch["index"]] == batch["label"].tolist()
        assert batch["image"].dtype == np.uint8
        assert batch["label"].dtype == batch["index"].dtype == np.int64


def test_an_image_looks_different_in_every_epoch(tmp_path):
    for part in ("train", "val"):
        for name in "ab":
            save(tmp_path / part / name / "0.png", picture(1, 60, 60))
    dataset, config = load(tmp_path, batch_size=2)
    found = dataset.training_batches(config, 0, 4).as_numpy_iterator()
    images = np.concatenate([batch["image"] for batch in found])
    assert len({image.tobytes() for image in images}) == 8


def test_a_cutout_is_of_the_mean_color_and_leaves_the_rest_as_it_was(root):
    both = uninterrupted(root), uninterrupted(root, cutout_length=8)
    for plain, covered in zip(*both, strict=True):
        for image, other in zip(plain["image"], covered["image"], strict=True):
            changed = (image != other).any(axis=-1)
            assert 0 < changed.sum() <= 64
            assert (other[changed] == [124, 116, 104]).all()


@pytest.mark.parametrize(("batch_size", "sizes"), [(4, [4, 4, 1]), (9, [9]), (16, [9])])
def test_evaluation_takes_every_example_once_and_pads_at_weight_0(root, batch_size, sizes):
    dataset, _ = load(root)
    batches = dataset.evaluation_batches(VALIDATION, batch_size)
    assert batches.element_spec["image"].shape == (batch_size, SIZE, SIZE, 3)
    found = list(batches.as_numpy_iterator())
    assert [int(batch["weight"].sum()) for batch in found] == sizes
    joined = {key: np.concatenate([batch[key] for batch in found]) for key in found[0]}
    assert set(joined) == {"image", "label", "index", "weight"}
    assert len(joined["label"]) == batch_size * len(sizes)
    weighed = joined["weight"] == 1
    assert joined["weight"].dtype == np.float32
    assert joined["index"].tolist() == [*range(9), *[8] * (~weighed).sum()]
    assert joined["label"][weighed].tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    for image, (path, _) in zip(joined["image"], dataset.validation.files, strict=False):
        assert np.abs(image - middle(path)).mean() < 4


def middle(path):
    """The center crop as Pillow makes it."""
    with PIL.Image.open(path) as image:
        side = round(min(image.size) * 224 / 256)
        left, top = ((length - side) // 2 for length in image.size)
        window = image.convert("RGB").crop((left, top, left + side, top + side))
    return np.asarray(window.resize((SIZE, SIZE), PIL.Image.BILINEAR), float)


def red_above_blue(height=96, width=64):
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[: height // 2, :, 0] = pixels[height // 2 :, :, 2] = 255
    return pixels


def odd_images(root):
    """A folder with an image of each kind that TensorFlow would show otherwise than a viewer."""
    upright = red_above_blue()
    lying = PIL.Image.Exif()
    lying[0x0112] = 6
    for kind in ("gif", "bmp", "webp", "tiff"):
        save(root / "train/a" / f"0.{kind}", upright)
    for kind in ("jpg", "png", "webp", "tiff"):
        save(root / "train/a" / f"lying.{kind}", np.rot90(upright), exif=lying)
    transparent = np.dstack([upright, np.full(upright.shape[:2], 255, np.uint8)])
    transparent[:, :32] = [0, 255, 0, 0]
    save(root / "train/b/opacity.png", transparent)
    for path in ("train/b/0.png", "val/a/0.png", "val/b/0.png"):
        save(root / path, upright)
    return root


def test_every_image_is_read_as_a_viewer_shows_it(tmp_path):
    dataset, _ = load(odd_images(tmp_path))
    found = evaluation_batches(dataset.train).as_numpy_iterator()
    for batch, (path, _) in zip(found, dataset.train.files, strict=True):
        image = batch["image"][0].astype(int)
        expected = np.array([[[255, 0, 0]]] * (SIZE // 2) + [[[0, 0, 255]]] * (SIZE // 2))
        expected = np.tile(expected, (1, SIZE, 1))
        if path.name == "opacity.png":
            expected[:, : SIZE // 2] = 255
        off = np.abs(image - expected).max(axis=-1) > 60
        assert off.mean() < 0.1, path.name


def test_a_training_crop_of_an_odd_image_is_not_an_error(tmp_path):
    dataset, config = load(odd_images(tmp_path))
    found = list(dataset.training_batches(config, 0, 2))
    assert len(found) == 2


def test_an_image_of_too_many_pixels_is_named_before_it_is_decoded(tmp_path):
    root = odd_images(tmp_path)
    (root / "train/b/0.png").write_bytes(png_header(30000, 30000))
    dataset, _ = load(root)
    with pytest.raises(UserError, match=r"train/b/0.png: not a readable image \(.*pixels"):
        evaluate(dataset.train)


def evaluation_batches(source):
    dataset = EncodedDataset("x", source, source, ("a", "b"), (SIZE, SIZE))
    return dataset.evaluation_batches(VALIDATION, 1)


def evaluate(source):
    with as_user_errors():
        return list(evaluation_batches(source))


@pytest.fixture(scope="module")
def corrupt(tmp_path_factory):
    """A folder in which a file is broken off, and batches that are read from it each time."""
    root = make_folder(tmp_path_factory.mktemp("corrupt"), corrupt=True)
    dataset, config = load(root)
    return root, dataset.training_batches(config, 0, 5)


def damaged(root, damage):
    path = root / CORRUPT
    whole = (root / "train/c/1.jpg").read_bytes()
    content = {
        "broken off": whole[: len(whole) // 2],
        "text": b"hello\n",
        "empty": b"",
        "header": whole[:40] + bytes(200) + whole[240:],
    }
    path.unlink(missing_ok=True)
    if damage != "gone":
        path.write_bytes(content[damage])
    return path


@pytest.mark.parametrize("damage", ["broken off", "text", "empty", "header", "gone"])
def test_a_file_that_nobody_can_decode_is_named_in_one_line(corrupt, damage):
    root, found = corrupt
    path = damaged(root, damage)
    with pytest.raises(UserError) as raised, as_user_errors():
        list(found)
    assert str(raised.value).startswith(f"{path}: not a readable image (")
    assert "or `skip_corrupt_images`" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_folder_with_a_corrupt_file_can_be_read_without_it(tmp_path):
    dataset, config = load(make_folder(tmp_path, corrupt=True), skip_corrupt_images=True)
    found = list(dataset.training_batches(config, 0, 8))
    assert len(found) == 8


def test_what_only_pillow_decodes_is_used(tmp_path):
    """Bytes after the end of a JPEG are no damage, but TensorFlow's decoder is not asked then."""
    root = make_folder(tmp_path)
    plain = batches(root)
    path = root / "train/b/0.jpg"
    path.write_bytes(path.read_bytes() + b"made by a camera")
    for first, other in zip(plain, batches(root), strict=True):
        difference = np.abs(first["image"].astype(int) - other["image"])
        assert difference.mean() < 3


def test_a_sample_is_of_the_center_crops_of_training_images_evenly_spaced(root):
    dataset, _ = load(root)
    evaluated = dataclasses.replace(dataset, validation=dataset.train)
    crops = [
        one["image"][0] for one in evaluated.evaluation_batches(VALIDATION, 1).as_numpy_iterator()
    ]
    sample = dataset.training_sample(4)
    np.testing.assert_array_equal(sample, [crops[position] for position in (0, 4, 9, 14)])
