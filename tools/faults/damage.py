"""Files of a run directory, and TFRecords, that are cut off or have a wrong byte."""

import functools
import random

import numpy as np

from tools.faults import exports
from tools.faults.fault import LOST, SURVIVED, Fault, Outcome, worst
from tools.faults.workplace import judge_refusal

_KINDS = ("search", "evaluate", "imagenet")


def flip(path, generator):
    """Change one byte."""
    content = bytearray(path.read_bytes())
    if content:
        content[generator.randrange(len(content))] ^= 1 << generator.randrange(8)
    path.write_bytes(content)


def cut(path, generator):
    """Cut a file off."""
    content = path.read_bytes()
    path.write_bytes(content[: generator.randrange(max(len(content), 1))])


def _files(directory):
    """One file of each kind: of those numbered, the newest."""
    found = {}
    for path in sorted(path for path in directory.rglob("*") if path.is_file()):
        kind = "".join("#" if one.isdigit() else one for one in str(path.relative_to(directory)))
        found[kind.split("tfevents")[0]] = path.relative_to(directory)
    return sorted(found.values())


def _unfinished(place, kind, damage):
    """Damage each kind of file of a run that was killed, and resume it."""
    place.reference(kind)
    source = place.unfinished(kind)
    outcomes = []
    for name in _files(source):
        model_dir = place.copy(source, "run")
        damage(model_dir / name, random.Random(f"{kind} {name}"))
        outcome = place.resume(kind, model_dir, _find_unread(name))
        outcomes.append(Outcome(outcome.kind, f"{name.name}: {outcome.words}"))
    return worst(outcomes)


def _find_unread(name):
    """The start of the names of what stays damaged with a file, as a run only writes it."""
    if "tensorboard" in name.parts:
        return "tensorboard"
    # The best weights are read where they are what is exported.
    return str(name.with_name(name.stem)) if "best" in name.parts else None


def _finished(place, damage):
    """Damage each file that an export reads, and export."""
    source = place.copy(place.reference("evaluate") / "seed_0", "whole")
    expected = _predictions(place, source)
    outcomes = []
    for name in _files(source):
        if name.parts[0] in ("tensorboard", "export"):
            continue
        model_dir = place.copy(source, "run")
        damage(model_dir / name, random.Random(str(name)))
        done = place.run("--mode=export", "--format=keras", f"--model_dir={model_dir}")
        if done.returncode != 0:
            outcome = judge_refusal(done)
        elif np.array_equal(_predictions(place, model_dir), expected):
            outcome = Outcome(SURVIVED)
        else:
            outcome = Outcome(LOST, "other predictions")
        outcomes.append(Outcome(outcome.kind, f"{name.name}: {outcome.words}"))
    return worst(outcomes)


def _predictions(place, model_dir):
    """What the exported Keras model predicts, exported if it is not yet."""
    path = model_dir / "model.keras"
    if not path.exists():
        done = place.run("--mode=export", "--format=keras", f"--model_dir={model_dir}")
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
    return exports.predict(path, exports.make_images())


def _records(place, damage):
    """Damage the TFRecords of training images, and train on them."""
    from tests.data import encoded_data_sets

    data_dir = place.path / "data"
    encoded_data_sets.prepare(data_dir)
    (records,) = data_dir.glob("**/*train*.tfrecord*")
    damage(records, random.Random(0))
    done = place.run(
        *("--mode=imagenet", "--dataset=tiny", f"--data_dir={data_dir}", "--epochs=1"),
        *("--genotype=snas_aggressive", "--num_cells=3", "--init_channels=4", "--image_size=32"),
        *("--batch_size=3", "--max_multiply_adds=0", f"--model_dir={place.path / 'run'}"),
    )
    return judge_refusal(done)


def _not_a_number(place, kind, rate):
    """Train at a rate at which the loss overflows."""
    done = place.run(
        *place.flags(kind, place.path / "run"),
        f"--theta_learning_rate={rate}",
        "--theta_clip_norm=0",
    )
    return judge_refusal(done, codes=(2,), names="--theta_learning_rate")


def faults():
    """List the faults."""
    group = "Damaged files"
    for kind in ("search", "evaluate"):
        inject = functools.partial(_not_a_number, kind=kind, rate="1e20")
        yield Fault(group, f"the loss is no number, {kind}", inject)
    for word, damage in (("a wrong bit", flip), ("cut off", cut)):
        for kind in _KINDS:
            inject = functools.partial(_unfinished, kind=kind, damage=damage)
            yield Fault(group, f"{word}, every kind of file of a killed run, {kind}", inject)
        inject = functools.partial(_finished, damage=damage)
        yield Fault(group, f"{word}, every kind of file of a run that is exported", inject)
        inject = functools.partial(_records, damage=damage)
        yield Fault(group, f"{word}, TFRecords", inject)
