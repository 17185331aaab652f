"""Holds merged files against the files they were made of, as pyarrow reads both.

usage: judge.py < CASES     CASES: JSON, a list of {"out": path, "inputs": [path, ...]}

Prints a JSON list with a sentence for each case whose output differs from its inputs one behind the other, in rows,
order, values (by bits), schema or key-value metadata, and null for each that does not. The sentence begins with
"unreadable input" where pyarrow cannot read what was merged.
"""

import json
import pathlib
import sys

import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "witness"))

from columns import digest  # noqa: E402

ERRORS = (pa.ArrowException, OSError, ValueError, KeyError)


def problem(out, inputs):
    try:
        files = [pq.ParquetFile(path) for path in inputs]
        expected = pa.concat_tables([file.read() for file in files])
    except ERRORS as error:
        return f"unreadable input: {error}"
    merged = pq.ParquetFile(out)
    if not files[0].schema.equals(merged.schema) or lines(files[0]) != lines(merged):
        return f"Parquet schema: expected {files[0].schema}, found {merged.schema}"
    if (files[0].metadata.metadata or {}) != (merged.metadata.metadata or {}):
        return f"metadata: expected {files[0].metadata.metadata}, found {merged.metadata.metadata}"
    if not files[0].schema_arrow.equals(merged.schema_arrow, check_metadata=True):
        return f"Arrow schema: expected {files[0].schema_arrow}, found {merged.schema_arrow}"
    found = merged.read()
    if expected.num_rows != found.num_rows:
        return f"expected {expected.num_rows} rows, found {found.num_rows}"
    for index, field in enumerate(expected.schema):
        if digest(expected.column(index)) != digest(found.column(index)):
            return f"values of {field.name} differ"
    return None


def lines(file):
    return str(file.schema).split("\n")[1:]


def sentence(case):
    try:
        return problem(case["out"], case["inputs"])
    except ERRORS as error:
        return f"{type(error).__name__}: {error}"


def main():
    print(json.dumps([sentence(case) for case in json.load(sys.stdin)]))


if __name__ == "__main__":
    main()
