import pytest

from snas_tf.data import mirroring


@pytest.mark.parametrize("name", ["mnist", "MNIST", "SvhnCropped", "binary_alpha_digits", "Digits"])
def test_names_of_characters_are_known_whatever_their_case(name):
    assert not mirroring.keeps_class(name)
    assert mirroring.keeps_class("CIFAR10")
