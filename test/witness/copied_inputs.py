"""Makes files of several writers whose row groups are large enough to be copied, a directory of two files for each writer.

usage: copied_inputs.py DIRECTORY SEED
"""

import pathlib
import random
import sys

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from page_index_inputs import SCHEMA, row

ROWS = 2048


def arrow(**options):
    return lambda table, path: pq.write_table(
        table,
        path,
        **{"compression": "snappy", "max_rows_per_page": 700, "row_group_size": ROWS, **options},
    )


def by_duckdb(rows, path):
    duckdb.sql(f"COPY (SELECT * FROM rows) TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE {ROWS}, COMPRESSION snappy)")


def by_polars(table, path):
    pl.from_arrow(table).write_parquet(path, compression="snappy", row_group_size=ROWS, data_page_size=4096)


# Without dictionaries for some columns: else the first chunk is encoded anew to see whether one would pay.
WRITERS = {
    "arrow": arrow(),
    "arrow-crc-index": arrow(write_page_checksum=True, write_page_index=True, use_dictionary=["word", "flag"]),
    "arrow-zstd": arrow(compression="zstd", bloom_filter_options={"near": {"ndv": 3000}, "text": {"ndv": 3000}}),
    "arrow-version-2": arrow(data_page_version="2.0"),
    "duckdb": by_duckdb,
    "polars": by_polars,
}


def main():
    directory, rng = pathlib.Path(sys.argv[1]), random.Random(int(sys.argv[2]))
    tables = [pa.Table.from_pylist([row(rng, first + i) for i in range(ROWS)], SCHEMA) for first in (0, ROWS)]
    for writer, write in WRITERS.items():
        (directory / writer).mkdir()
        for number, table in enumerate(tables):
            write(table, str(directory / writer / f"{number}.parquet"))


if __name__ == "__main__":
    main()
