"""Holds a sorted file against the files it was made of, by pyarrow and DuckDB.

usage: sorted_witness.py DIRECTORY OUT ORDER   (ORDER as sort_by has it, with columns of the top level)

Checks that both read the same rows as often, that the sorting columns come in the order that the readers give the inputs,
and what the file states of its order. Prints one line of JSON; exits with 1 and a sentence at the first difference.
"""

import collections
import json
import pathlib
import sys

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from columns import digest
from witness import arrow_table


def terms_of(text):
    for part in text.split(","):
        path, *words = part.lower().split()
        yield part.split()[0], "desc" in words, words[-2:] == ["nulls", "first"]


def rows_of(table):
    """How often each row is there, by everything that is in it; times as numbers, since Python has no nanoseconds."""
    for i, field in enumerate(table.schema):
        if pa.types.is_temporal(field.type):
            width = pa.int32() if field.type.bit_width == 32 else pa.int64()
            table = table.set_column(i, field.name, table[field.name].cast(width))
    return collections.Counter(repr(list(row.values())) for row in table.to_pylist())


def main():
    directory, out, order = sys.argv[1:]
    inputs = sorted(str(path) for path in pathlib.Path(directory).glob("*.parquet"))
    terms = list(terms_of(order))
    merged = pq.ParquetFile(out)
    names = [name.split(".")[0] for name in merged.schema.names]

    expected = pa.concat_tables([pq.ParquetFile(path).read() for path in inputs])
    found = merged.read()
    if rows_of(expected) != rows_of(found):
        sys.exit("pyarrow: other rows than in the inputs")

    for number in range(merged.num_row_groups):
        stated = merged.metadata.row_group(number).sorting_columns
        wanted = [(path, descending, first) for path, descending, first in terms]
        told = [(merged.schema.column(one.column_index).path, one.descending, one.nulls_first) for one in stated]
        if told != wanted:
            sys.exit(f"row group {number} states {told}, not {wanted}")

    connection = duckdb.connect()
    keys = ", ".join(
        f'"{path}" {"DESC" if descending else "ASC"} NULLS {"FIRST" if first else "LAST"}'
        for path, descending, first in terms
    )
    columns = ", ".join(f'"{path}"' for path, _, _ in terms)
    read = "read_parquet(?, hive_partitioning = false, file_row_number = true)"
    wanted = arrow_table(connection.execute(f"SELECT {columns} FROM {read} ORDER BY {keys}", [inputs]))
    have = arrow_table(connection.execute(f"SELECT {columns} FROM {read} ORDER BY file_row_number", [[out]]))
    for path, _, _ in terms:
        if digest(wanted[path]) != digest(have[path]):
            sys.exit(f"DuckDB: {path} is in another order")
    plain = "SELECT * FROM read_parquet(?, hive_partitioning = false)"
    differing = connection.execute(
        f"SELECT count(*) FROM (({plain} EXCEPT ALL {plain}) UNION ALL ({plain} EXCEPT ALL {plain}))",
        [inputs, [out], [out], inputs],
    ).fetchone()[0]
    if differing != 0:
        sys.exit(f"DuckDB: {differing} rows differ")
    print(json.dumps({"rows": found.num_rows, "rowGroups": merged.num_row_groups, "columns": len(names)}))


main()
