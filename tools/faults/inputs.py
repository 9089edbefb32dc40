"""Hostile genotypes, tables and descriptions of networks."""

import random
import time

from tools.faults.fault import LOST, REFUSED, Fault, Outcome

_SECONDS = 60
_SLOW = 10  # processor seconds of one reading
_TOKENS = (
    *("1e400", "-1e400", "NaN", "Infinity", "null", "true", "[]", "{}", '""', "0", "-1", "9" * 400),
    *(
        "[" * 100_000,
        '{"a":' * 50_000,
        "\\u0000",
        "\ud800",
        "\x00",
        "__import__('os').abort()",
        "\n",
    ),
    *("sep_conv_3x3", "none", "nor_conv_3x3~0", "|", "+", "(", ")", "Genotype(", "range(10**9)"),
    *('"version": 2,', '"normal": [],', "2" * 19, "1e-400", "0x10", "é", "\u202e", "," * 1000),
    "[1]," * 2_500_000,
)


def _mutate(text, generator):
    """Change a text in one to four places."""
    for _ in range(generator.randint(1, 4)):
        start = generator.randrange(len(text) + 1)
        end = min(len(text), start + int(generator.expovariate(0.1)))
        choice = generator.randrange(4)
        if choice == 0:
            new = generator.choice(_TOKENS)
        elif choice == 1:
            new = ""
        elif choice == 2:
            new = text[start:end] * generator.choice((2, 3, 1000))
        else:
            new = chr(generator.randrange(1, 0x250))
        text = text[:start] + new + text[end:]
        if len(text) > 10_000_000:
            break
    return text


def _fuzz(place, texts, read, seconds=_SECONDS):
    """Read changed texts for a while: each is read or refused in one line."""
    from snas_tf.errors import UserError

    generator, path = random.Random(0), place.path / "hostile"
    end, refused, count, words = time.monotonic() + seconds, 0, 0, ""
    while time.monotonic() < end:
        text = _mutate(generator.choice(texts), generator)
        path.write_text(text, errors="surrogatepass")
        started = time.thread_time()
        count += 1
        try:
            read(path)
        except UserError as error:
            refused, words = refused + 1, str(error)
            if "\n" in words or len(words) > 2000:
                return Outcome(LOST, f"a message of {len(words)} characters")
        except Exception as error:
            kept = path.rename(place.path / "lost")
            return Outcome(LOST, f"{type(error).__name__} by {kept}: {error}")
        if time.thread_time() - started > _SLOW:
            return Outcome(LOST, f"{time.thread_time() - started:.0f} s for {len(text)} characters")
    words = words.replace(str(place.path), "").lstrip("/")
    return Outcome(REFUSED, f"{refused:,} of {count:,} texts, such as: {words[:120]}")


def _genotypes(place):
    from snas_tf.architecture import genotype_json, zoo
    from snas_tf.architecture.genotype_source import load_genotype

    texts = [genotype_json.to_json(one) for one in zoo.genotypes().values()]
    return _fuzz(place, texts, lambda path: load_genotype(str(path)))


def _printed(place):
    from snas_tf.architecture.genotype_source import load_genotype

    texts = [
        "DARTS = Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), "
        "('sep_conv_3x3', 1), ('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), "
        "('dil_conv_3x3', 2)], normal_concat=[2, 3, 4, 5], reduce=[('max_pool_3x3', 0), "
        "('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), ('max_pool_3x3', 0), "
        "('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], "
        "reduce_concat=range(2, 6))",
        "|nor_conv_3x3~0|+|nor_conv_3x3~0|none~1|+|skip_connect~0|none~1|avg_pool_3x3~2|",
    ]
    return _fuzz(place, texts, lambda path: load_genotype(str(path)))


def _latencies(place):
    from snas_tf.architecture import latency_file
    from tests.latency_tables import make_table

    return _fuzz(place, [latency_file.to_json(make_table())], latency_file.read)


def _benchmarks(place):
    from snas_tf.architecture import benchmark_file
    from tests import made_up_table

    made_up_table.write(place.path / "table.csv", made_up_table.rows(made_up_table.SMALL))
    texts = [(place.path / "table.csv").read_text()]
    return _fuzz(place, texts, lambda path: benchmark_file.read(path, made_up_table.SMALL))


def _networks(place):
    from snas_tf.models import description

    texts = [(place.reference(kind) / name).read_text() for kind, name in _DESCRIBED]
    return _fuzz(place, texts, description.read)


def _records(place):
    from snas_tf.runs import run_record

    return _fuzz(place, [(place.reference("search") / "run.json").read_text()], run_record.read)


_DESCRIBED = (("search", "network.json"), ("evaluate", "seed_0/network.json"))


def faults():
    """List the faults."""
    group = f"Hostile files, changed at random for {_SECONDS} s each"
    for name, inject in {
        "genotypes as JSON": _genotypes,
        "genotypes as printed by other programs": _printed,
        "latency tables": _latencies,
        "tables of benchmarks": _benchmarks,
        "network.json": _networks,
        "run.json": _records,
    }.items():
        yield Fault(group, name, inject)
