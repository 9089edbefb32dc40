import keras
import pytest

from snas_tf.architecture import application
from snas_tf.architecture.application import Application
from snas_tf.errors import UserError


@pytest.mark.parametrize(("name", "least"), application.SMALLEST.items())
def test_keras_itself_refuses_smaller_images(name, least):
    with pytest.raises(ValueError, match=f"at least {least}x{least}"):
        getattr(keras.applications, name)(weights=None, input_shape=(least - 1, least - 1, 3))


def test_images_of_the_least_size_are_accepted_and_smaller_ones_refused_in_words():
    inception = Application("InceptionV3")
    inception.check_size((75, 100))
    with pytest.raises(UserError, match=r"`image_size`=74: .* keras:InceptionV3 .* 75 or more"):
        inception.check_size((100, 74))


@pytest.mark.parametrize("name", ["MobilNet", "", "ResNet50", "../x", "x" * 10_000])
def test_another_name_is_refused_in_one_short_line(name):
    with pytest.raises(UserError, match=r"`genotype`=keras:.*: unknown; accepted: ") as caught:
        Application(name)
    assert len(str(caught.value)) < 600


def test_a_similar_name_is_suggested():
    with pytest.raises(UserError, match=r"did you mean keras:DenseNet121\?"):
        Application("Densenet121")


@pytest.mark.parametrize(
    "content", [{"keras": "MobileNet"}, {"version": 2, "keras": "MobileNet"}, {"version": 1}]
)
def test_content_of_another_form_is_refused(content):
    with pytest.raises(ValueError, match=r"received .* accepted: version 1 and keras"):
        Application.from_content(content)


def test_content_is_read_as_it_was_written():
    mobile = Application("MobileNet")
    assert Application.from_content(mobile.to_content()) == mobile
