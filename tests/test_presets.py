"""The presets of the search, as main.py reads them; in a process, as flags are set up once."""

import subprocess
import sys

from snas_tf.config import SearchConfig
from tests.programs import ROOT

PROGRAM = """
import sys
from absl import flags as all_flags
from flags import common, penalty, search, training

all_flags.DEFINE_string("mode", "search", "What to do.")
for module in (common, training, penalty, search):
    module.define()
for preset in sys.argv[1:]:
    all_flags.FLAGS.unparse_flags()
    all_flags.FLAGS(["main.py", f"--flagfile=presets/{preset}.flags"])
    print(repr(search.config(all_flags.FLAGS)))
"""


def test_the_papers_search_is_the_main_command_and_its_literal_settings_two_flags_away():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "paper", "paper_literal"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    mild = SearchConfig(constraint_weight=0.03)
    assert mild.alpha_weight_decay == 1e-3  # in both
    literal = SearchConfig(constraint_weight=0.03, alpha_learning_rate=3e-4, alpha_decay="coupled")
    assert done.stdout.splitlines() == [repr(mild), repr(literal)]
