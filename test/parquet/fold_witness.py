"""Reads a folded file with pyarrow, DuckDB and polars and holds it against the files it was made of.

usage: fold_witness.py DIRECTORY FOLDED...   (the inputs are DIRECTORY/*.parquet in name order)

The same checks as for a merged file (test/witness/witness.py): rows in order and by bits, schema, key-value metadata,
statistics that are true, and no predicate by which a reader finds less than in the inputs. Prints one line of JSON for each folded file; exits with 1
and a sentence at the first difference.
"""

import json
import pathlib
import sys

import duckdb
import polars as pl

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "witness"))

import witness  # noqa: E402

witness.STAMP = b"parquet-consolidator.folded"


def check_polars(inputs, out):
    """Rows and order as polars reads the inputs, and as many rows for predicates on its own statistics."""
    try:
        expected = pl.concat([pl.read_parquet(path) for path in inputs])
    except Exception as error:  # noqa: BLE001 - polars raises what its engine panics with
        return f"does not read the inputs: {str(error)[:80]}"
    found = pl.read_parquet(out)
    witness.same("polars: schema", expected.schema, found.schema)
    if not expected.equals(found, null_equal=True):
        sys.exit("polars: values differ")
    asked = 0
    for name, kind in expected.schema.items():
        if not (kind.is_numeric() or kind == pl.String) or kind.is_decimal():
            continue
        values = expected[name].drop_nulls()
        if values.len() == 0:
            continue
        for literal in (values.min(), values.max(), values[values.len() // 2]):
            for condition in (pl.col(name) == literal, pl.col(name) <= literal):
                want = expected.filter(condition).height
                have = pl.scan_parquet(out).filter(condition).collect().height
                witness.same(f"polars: rows where {condition}", want, have)
                asked += 1
    return asked


class AskingTheFiles:
    """A connection of which predicates are asked of the input files, by their own statistics, as a reader would.

    DuckDB takes bounds to hold for NaN too and loses rows by them, in the inputs as in the folded file.
    """

    def __init__(self, connection, inputs):
        self.connection, self.inputs = connection, inputs

    def execute(self, query, *parameters):
        files = f"read_parquet({self.inputs})"
        return self.connection.execute(query.replace("count(*) FROM inputs", f"count(*) FROM {files}"), *parameters)


def check(directory, out):
    inputs = sorted(str(path) for path in pathlib.Path(directory).glob("*.parquet"))
    connection = duckdb.connect()
    connection.execute("SET preserve_insertion_order = true")
    table, folded = witness.check_pyarrow(inputs, out)
    witness.check_duckdb(connection, inputs, out)
    bounded = witness.check_statistics(folded)
    asked = witness.ask_pyarrow(table, out) + witness.ask_duckdb(AskingTheFiles(connection, inputs), table, out)
    return {
        "files": len(inputs),
        "rows": table.num_rows,
        "rowGroups": folded.num_row_groups,
        "boundedChunks": bounded,
        "predicates": asked,
        "polars": check_polars(inputs, out),
    }


def main():
    directory, *folded = sys.argv[1:]
    for out in folded:
        print(json.dumps(check(directory, out)), flush=True)


if __name__ == "__main__":
    main()
