"""The weights of a search as the initial weights of a child."""

import functools
import pathlib
from collections.abc import Mapping
from typing import Any

from snas_tf.architecture import spaces
from snas_tf.architecture.search_space import SearchSpace
from snas_tf.data.batches import TRAIN, VALIDATION
from snas_tf.errors import UserError, format_setting, quote
from snas_tf.models import description
from snas_tf.models.child import ChildNetwork
from snas_tf.models.description import NetworkDescription
from snas_tf.models.inheritance import inherit
from snas_tf.runs import run_record
from snas_tf.runs.checkpoint_files import CheckpointFiles, network_checkpoint
from snas_tf.runs.run_directory import RunDirectory
from snas_tf.runs.run_record import RunRecord


class InitialWeights:
    """Weights of a search, for a child on the same images.

    The parent has learned from some of the images. The images that validate the child must be
    those that the search held out, because its weights have seen the others.

    Args:
        path: the run directory of the search.
    """

    def __init__(self, path: pathlib.Path) -> None:
        self._path = path
        self._run = RunDirectory(path)
        self._files = CheckpointFiles(self._run.checkpoints, "step")

    @functools.cached_property
    def _record(self) -> RunRecord:
        record = run_record.read(self._run.record)
        if record.kind != "search" or not {"seed", "validation_fraction"} <= record.settings.keys():
            raise self._refusal(f"holds a run of kind {quote(record.kind)}", "that of a search")
        return record

    @functools.cached_property
    def _search_space(self) -> SearchSpace:
        settings = self._record.settings
        try:
            space = spaces.get(settings.get("space", spaces.DARTS.name))
        except ValueError as error:
            raise self._refusal(str(error), "one that a `plugin` registers, too") from error
        return space.vary(settings.get("operations"), settings.get("num_nodes"))

    @functools.cached_property
    def _step(self) -> int:
        return self._files.require_newest()

    @property
    def split_seed(self) -> int:
        """The seed that decided which images the search held out."""
        return self._record.settings["seed"]

    @property
    def proxy_seed(self) -> int:
        """The seed that drew the proxy of the images, if the search had one."""
        seed = self._record.proxy_seed
        return self.split_seed if seed is None else seed

    def fingerprint(self) -> dict[str, Any]:
        """Identification of the weights: step of the search, digest of its data.

        Raises:
            UserError: there is no checkpoint, or the newest can't be read.
        """
        return {"step": self._step, "digest": self._files.digest(self._step)}

    def check_images(self, fingerprint: Mapping[str, Any], validation_fraction: float) -> None:
        """Check that what is held out with `split_seed` is what the search held out.

        Args:
            fingerprint: fingerprint of the child's images.
            validation_fraction: share of the child's training images that is held out.

        Raises:
            UserError: the images are not the search's, or another share of them is held out.
        """
        images = self._record.inputs.get("images", {})
        searched = images.get("digest", {})
        for part in (TRAIN, VALIDATION):
            if fingerprint["digest"].get(part) != searched.get(part):
                raise self._refusal(f"has seen other {part} images", "the same images")
        if fingerprint.get("proxy") != images.get("proxy"):
            accepted = "the same `classes` and `examples_per_class`"
            raise self._refusal("has seen another draw of the images", accepted)
        if fingerprint.get("storage") != images.get("storage"):
            storage = images.get("storage", "memory")
            raise self._refusal(f"read its images from {storage}", f"`image_storage`={storage}")
        held_out = self._record.settings["validation_fraction"]
        if VALIDATION not in searched and validation_fraction not in (0, held_out):
            setting = format_setting("validation_fraction", validation_fraction)
            raise UserError(
                f"{setting}: the search of `initial_weights` held out {held_out}, and its weights "
                f"have seen the rest, accepted: {held_out}, or 0"
            )

    def check_plugins(self, digests: Mapping[str, str]) -> None:
        """Check that operations compute what they did in the search.

        Args:
            digests: digests of the child's plugins, by the name of the file.

        Raises:
            UserError: the search had one with another content.
        """
        changed = self._record.find_changed_plugin(digests)
        if changed is not None:
            raise self._refusal(f"was searched with another {changed}", "the `plugin` as it was")

    def check_network(self, described: NetworkDescription) -> NetworkDescription:
        """Return the description of the parent, which has the search's channel statistics.

        Raises:
            UserError: the child's network is another one.
        """
        searched = description.read(self._run.network)
        for field in ("num_cells", "init_channels", "stem", "image_size", "class_names"):
            ours, theirs = getattr(described, field), getattr(searched, field)
            if ours != theirs:
                raise self._refusal(
                    f"was searched with {field} {theirs}, received: {ours}", "the same"
                )
        return searched

    def assign_to(self, network: ChildNetwork, described: NetworkDescription) -> None:
        """Copy the weights to a child of this description.

        Raises:
            UserError: the weights are of another network, or the genotype is not of its space.
        """
        space, found = self._search_space, network.genotype.space
        if space.base != found:
            raise self._refusal(
                f"was searched in {space.base.name}, received: a genotype of {found.name}",
                "a genotype that the search found",
            )
        parent = described.make_parent(space)
        try:
            self._files.restore(network_checkpoint(parent), self._step)
        except ValueError as error:
            reason = f"its weights are not of the network in its network.json ({error})"
            raise self._refusal(reason, "the files as the search wrote them") from error
        inherit(network, parent)

    def _refusal(self, reason: str, accepted: str) -> UserError:
        setting = format_setting("initial_weights", self._path)
        return UserError(f"{setting}: {reason}, accepted: {accepted}")
