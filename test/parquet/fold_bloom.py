"""Bloom filters before and after a fold, as DuckDB uses them.

usage: fold_bloom.py make DIRECTORY    writes three files with Bloom filters
       fold_bloom.py probe FILE        prints JSON: of each row group, whether its filters exclude a value, present and absent
"""

import json
import sys

import duckdb


def make(directory):
    for i in range(3):
        rows = f"SELECT (r * 3 + {i}) % 500 AS k, 'w' || ((r * 7 + {i}) % 300) AS w FROM range(5000) t(r)"
        duckdb.sql(f"COPY ({rows}) TO '{directory}/bloom-{i}.parquet' (FORMAT parquet)")


def probe(file):
    found = {}
    for value in ("w5", "w299", "absent", "w300"):
        query = f"SELECT bloom_filter_excludes FROM parquet_bloom_probe('{file}', 'w', '{value}') ORDER BY row_group_id"
        found[value] = [excludes for (excludes,) in duckdb.sql(query).fetchall()]
    found["rows"] = duckdb.sql(f"SELECT count(*) FROM '{file}' WHERE w = 'w5'").fetchall()[0][0]
    print(json.dumps(found))


{"make": make, "probe": probe}[sys.argv[1]](sys.argv[2])
