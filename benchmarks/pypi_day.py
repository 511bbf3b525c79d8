"""A made-up day of PyPI: every package, all dimensions, in the sizes of the real one.

Downloads by rank follow a Zipf-Mandelbrot law, with mirrors fetching everything a few times; the
downloads of a package are split over the categories of each dimension by a multinomial draw, so
that all dimensions have the same sum, and a package with few downloads has few categories, as in
the real world. 700,000 packages make about 12 million rows. The order of the rows is that of no
key. The same arguments give the same file.

``python -m benchmarks.pypi_day FILE [--packages N] [--day YYYY-MM-DD]`` writes one.
"""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

PACKAGES = 700_000
DAY = dt.date(2026, 7, 1)
SYLLABLES = ("py", "flow", "data", "net", "kit", "core", "ml", "web", "async", "lib", "tool", "db")
SCHEMA = pa.schema(
    [
        ("day", pa.date32()),
        ("dimension", pa.string()),
        ("package", pa.string()),
        ("category", pa.string()),
        ("downloads", pa.int64()),
    ]
)
Weights = dict[str, float]
MINORS: Weights = {
    **{"3.11": 22, "3.12": 21, "3.10": 15, "3.9": 10, "3.13": 9, "null": 8, "3.8": 5, "3.7": 4},
    **{"3.14": 3, "3.6": 1.5, "2.7": 0.8, "3.15": 0.1, "3.5": 0.1, "3.4": 0.02},
}
SYSTEMS: Weights = {"Linux": 80, "Windows": 8, "Darwin": 6, "null": 5, "other": 0.5}
INSTALLERS: Weights = {
    **{"pip": 62, "uv": 25, "requests": 4, "poetry": 4, "Browser": 2, "pdm": 0.6, "null": 0.0},
    **{"setuptools": 0.5, "Bazel": 0.4, "conda": 0.2, "pex": 0.2, "OS": 0.2},
}
COUNTRY_CODES = "US DE IE SG IN JP NL GB CN FR CA KR AU BR BE HK SE PL ES IT RU FI CH TW IL ZA CZ"
COUNTRIES: Weights = {
    code: 1 / (1 + place) ** 1.8 for place, code in enumerate(COUNTRY_CODES.split())
}
VERSIONS: Weights = {f"{n}": 1 / (1 + n) ** 2.2 for n in range(12)}


@dataclass(frozen=True)
class Dimension:
    """A dimension and how its categories share the downloads of a package."""

    name: str
    shares: Weights


def names(count: int) -> np.ndarray:
    """So many different project names, in their normalized form."""
    number = np.arange(count)
    first = np.array(SYLLABLES)[number % len(SYLLABLES)]
    second = np.array(SYLLABLES)[number // len(SYLLABLES) % len(SYLLABLES)]
    tail = np.char.add("-", number.astype(str))
    return np.char.add(np.char.add(np.char.add(first, "-"), second), tail)


def totals(count: int, draw: np.random.Generator, factor: float = 1.0) -> np.ndarray:
    """The downloads without mirrors of each rank, about two billion for all of PyPI."""
    rank = np.arange(1, count + 1)
    expected = factor * 3.6e10 / (rank + 45.0) ** 1.84
    drawn: np.ndarray = draw.poisson(np.maximum(expected, 2.0 * min(1.0, factor)))
    return drawn


def split(downloads: np.ndarray, shares: Weights, draw: np.random.Generator) -> np.ndarray:
    """Downloads by category (rows) and package (columns): a multinomial draw for each package."""
    weights = np.array(list(shares.values()))
    left, rest, parts = downloads.copy(), weights.sum(), []
    for weight in weights[:-1]:
        # A rest of exactly the last weight may differ from it by rounding.
        part = draw.binomial(left, min(1.0, weight / rest))
        parts.append(part)
        left, rest = left - part, rest - weight
    return np.stack([*parts, left])


def tables(
    count: int = PACKAGES, day: dt.date = DAY, *, factor: float = 1.0, seed: int = 1
) -> Iterator[pa.Table]:
    """The day's rows, a table for each dimension; ``factor`` scales the downloads."""
    draw = np.random.default_rng([seed, day.toordinal()])
    # Ranks are spread over the names, as popularity is over the alphabet.
    package = np.random.default_rng(seed).permutation(names(count))
    known = totals(count, draw, factor)
    mirrored = known + draw.poisson(12.0, count)
    minors = split(known, MINORS, draw)
    yield _table(
        day, "overall", package, ("with_mirrors", "without_mirrors"), np.stack([mirrored, known])
    )
    majors = [minor.split(".")[0] for minor in MINORS]
    grouped = sorted(set(majors))
    summed = [minors[[major == one for major in majors]].sum(axis=0) for one in grouped]
    yield _table(day, "python_major", package, grouped, np.stack(summed))
    yield _table(day, "python_minor", package, list(MINORS), minors)
    for name, shares in (
        ("system", SYSTEMS),
        ("installer", INSTALLERS),
        ("country", COUNTRIES),
        ("version", VERSIONS),
    ):
        parts = split(known, shares, draw)
        yield _table(day, name, package, list(shares), parts)


def _table(
    day: dt.date,
    dimension: str,
    package: np.ndarray,
    categories: Sequence[str],
    downloads: np.ndarray,
) -> pa.Table:
    at_package, category = np.nonzero(downloads.T)
    labels = np.array(categories)[category]
    if dimension == "version":
        # Everybody numbers differently: the first part is the package's own.
        labels = np.char.add(np.char.add((at_package % 7).astype(str), "."), labels)
    rows = len(labels)
    return pa.table(
        {
            "day": pa.repeat(pa.scalar(day, pa.date32()), rows),
            "dimension": pa.repeat(dimension, rows),
            "package": pa.array(package).take(pa.array(at_package)),
            "category": pa.array(labels),
            "downloads": pa.array(downloads.T[at_package, category]),
        },
        schema=SCHEMA,
    )


def write(
    path: Path, count: int = PACKAGES, day: dt.date = DAY, *, factor: float = 1.0, seed: int = 1
) -> int:
    """Write the day as Parquet; return the number of rows."""
    rows = 0
    with pq.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
        for table in tables(count, day, factor=factor, seed=seed):
            writer.write_table(table, row_group_size=500_000)
            rows += table.num_rows
    return rows


def main() -> None:
    """Write a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="Parquet file to write")
    parser.add_argument("--packages", type=int, default=PACKAGES, help="packages (%(default)s)")
    parser.add_argument("--day", type=dt.date.fromisoformat, default=DAY, help="day (%(default)s)")
    given = parser.parse_args()
    print(f"{write(given.file, given.packages, given.day):,} rows")


if __name__ == "__main__":
    main()
