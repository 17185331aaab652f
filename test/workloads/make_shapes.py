"""One large file of a shape that is hard on memory, the same bytes on every run.

usage: make_shapes.py ROOT [texts|wide]

texts: one column of texts of 1 MB that do not compress. wide: a thousand columns of 64-bit numbers. ROOT/<name>/ is
laid out as the other workloads are; ROOT/<name>/.complete says that all is there. Needs pyarrow and numpy.
"""

import pathlib
import shutil
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

DATE = "date=2025-08-15"


def texts(rng):
    rows = [rng.integers(33, 127, 1_000_000, np.uint8).tobytes() for _ in range(96)]
    return pa.table({"text": pa.array(rows, pa.binary())})


def wide(rng):
    return pa.table({f"column_{i}": rng.integers(0, 2**63, 5_000) for i in range(1_000)})


def main(root, names):
    for name in names:
        directory = pathlib.Path(root) / name
        if (directory / ".complete").exists():
            continue
        shutil.rmtree(directory, ignore_errors=True)
        (directory / DATE).mkdir(parents=True)
        table = {"texts": texts, "wide": wide}[name](np.random.default_rng(815))
        pq.write_table(table, directory / DATE / f"{name}.parquet", use_dictionary=False, write_batch_size=16)
        (directory / ".complete").touch()


main(sys.argv[1], sys.argv[2:] or ["texts", "wide"])
