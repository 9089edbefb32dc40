"""Does the memory of a search grow with the number of its images, where these stay on disk?

    python experiments/images_on_disk.py --directory=DIR --counts 2000 200000

Makes folders of small JPEGs in 50 classes under DIR, which takes 0.8 GB for 200,000, and searches
on each with the program itself until it has made 20 steps; then kills it, and resumes it for 20
more. Prints the time that both took, and the memory of the process at these steps. A folder that is
there is used as it is.
"""

import argparse
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import PIL.Image

ROOT = pathlib.Path(__file__).resolve().parent.parent
CLASSES = 50
STEPS = 40
SEARCH = (
    *("--mode=search", "--dataset=folder", "--image_storage=disk", "--stem=imagenet"),
    *("--image_size=32", "--batch_size=32", "--num_cells=3", "--init_channels=4", "--epochs=1"),
    *("--skip_threshold=0", "--relaxation=one_hot", f"--checkpoint_every_steps={STEPS // 2}"),
)


def make_images(root, count):
    """Write JPEGs of 40 x 48 pixels, no two alike."""
    if root.exists():
        return
    partial = root.with_name(f"{root.name}.partial")
    generator = np.random.default_rng(0)
    for label in range(CLASSES):
        directory = partial / f"class{label:03}"
        directory.mkdir(parents=True, exist_ok=True)
        for number in range(count // CLASSES):
            small = generator.integers(0, 256, (5, 6, 3), np.uint8)
            image = PIL.Image.fromarray(small).resize((48, 40), PIL.Image.Resampling.BILINEAR)
            image.save(directory / f"image_{label:03}_{number:06}.jpg", quality=80)
    partial.rename(root)


def memory(pid):
    """What a process holds, and the most that it has held, in MB."""
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    found = dict(line.split(":", 1) for line in lines)
    return [int(found[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM")]


def search(images, model_dir, last_step):
    """Run the program up to a step; return what was measured until then."""
    command = [sys.executable, str(ROOT / "main.py"), *SEARCH]
    command += [f"--data_dir={images}", f"--model_dir={model_dir}"]
    begin, measured = time.monotonic(), {}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    while not (model_dir / "checkpoints" / f"step-{last_step}.index").exists():
        if process.poll() is not None:
            raise RuntimeError(f"the search has ended with {process.returncode}")
        time.sleep(0.05)
    measured["step"] = time.monotonic() - begin
    measured["rss"], measured["peak"] = memory(process.pid)
    process.send_signal(signal.SIGKILL)
    for line in process.stdout:
        print(f"    {line}", end="")
    process.wait()
    return measured


def main():
    """Measure, and print a row for each number of images."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--directory", type=pathlib.Path, required=True)
    parser.add_argument("--counts", type=int, nargs="+", default=[2000, 200_000])
    options = parser.parse_args()
    rows = []
    for count in options.counts:
        images = options.directory / f"images_{count}"
        make_images(images, count)
        model_dir = options.directory / f"search_{count}"
        shutil.rmtree(model_dir, ignore_errors=True)
        first = search(images, model_dir, STEPS // 2)
        again = search(images, model_dir, STEPS)
        rows.append((count, first, again))
    print(f"\n{'images':>8}  start s  resumed s  resident MB  most MB  resumed MB  most MB")
    for count, first, again in rows:
        print(
            f"{count:8,}  {first['step']:7.1f}  {again['step']:9.1f}  {first['rss']:11.0f}  "
            f"{first['peak']:7.0f}  {again['rss']:10.0f}  {again['peak']:7.0f}"
        )


if __name__ == "__main__":
    main()
