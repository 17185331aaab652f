"""Reads a dataset, workspace and all, as careless readers do, and says how many rows each of them found.

usage: whole_tree.py DIRECTORY   (holds date=…/ and _consolidation/)

Prints one line of JSON: rows and distinct policy_id by reader. Globs with two asterisks go into directories that start
with `_`; what starts with a dot is found by some and not by others.
"""

import glob
import json
import sys

import duckdb
import polars as pl
import pyarrow.dataset as ds

root = sys.argv[1]
found = {}

for name, pattern in {"DuckDB, date=*/*.parquet": "date=*/*.parquet", "DuckDB, **/*.parquet": "**/*.parquet"}.items():
    rows, ids = duckdb.sql(
        f"select count(*), count(distinct policy_id) from read_parquet('{root}/{pattern}')"
    ).fetchall()[0]
    found[name] = [rows, ids]

for name, pattern in {"polars, date=*/*.parquet": "date=*/*.parquet", "polars, **/*.parquet": "**/*.parquet"}.items():
    table = pl.scan_parquet(f"{root}/{pattern}").select("policy_id").collect()
    found[name] = [table.height, table["policy_id"].n_unique()]

table = ds.dataset(root, format="parquet", partitioning="hive").to_table(columns=["policy_id"])
found["pyarrow, the directory"] = [table.num_rows, len(set(table["policy_id"].to_pylist()))]

table = ds.dataset(sorted(glob.glob(f"{root}/**/*.parquet", recursive=True))).to_table(columns=["policy_id"])
found["pyarrow, **/*.parquet"] = [table.num_rows, len(set(table["policy_id"].to_pylist()))]

print(json.dumps(found))
