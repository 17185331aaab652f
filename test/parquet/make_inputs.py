"""Writes Parquet files in the ways pyarrow, DuckDB and polars can, for the merge engine to read.

usage: make_inputs.py DIRECTORY

Each variant is a folder with two files of one schema; the folder's name says what is special.
"""

import datetime
import decimal
import pathlib
import random
import sys

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 700


def column(rng, kind, make, nulls):
    return pa.array([None if rng.random() < nulls else make(rng) for _ in range(ROWS)], kind)


def decimals(digits, scale):
    return lambda rng: decimal.Decimal(rng.randrange(-(10**digits) + 1, 10**digits)).scaleb(-scale)


def doubles(rng):
    return rng.choice([0.0, -0.0, float("nan"), float("inf"), float("-inf"), rng.gauss(0, 1e3), 5e-324])


def words(rng):
    return rng.choice(["", "clear", "rain", "größe", "列", "a\0b"])


def texts(rng):
    return "".join(rng.choice("abcdefgh") for _ in range(rng.randrange(12)))


def moments(unit):
    scale = {"s": 1, "ms": 1000, "us": 10**6, "ns": 10**9}[unit]
    return lambda rng: rng.randrange(1_700_000_000 * scale, 1_800_000_000 * scale)


def table(seed):
    rng = random.Random(seed)
    wide = 10**30
    flat = {
        "bool": (pa.bool_(), lambda r: r.random() < 0.3),
        "i8": (pa.int8(), lambda r: r.randrange(-128, 128)),
        "u8": (pa.uint8(), lambda r: r.randrange(256)),
        "i16": (pa.int16(), lambda r: r.randrange(-(2**15), 2**15)),
        "u16": (pa.uint16(), lambda r: r.randrange(2**16)),
        "i32": (pa.int32(), lambda r: r.randrange(-(2**31), 2**31)),
        "u32": (pa.uint32(), lambda r: r.randrange(2**32)),
        "i64": (pa.int64(), lambda r: r.choice([-(2**63), 2**63 - 1, r.randrange(-9, 9)])),
        "u64": (pa.uint64(), lambda r: r.choice([0, 2**64 - 1, 2**63, r.randrange(2**64)])),
        "f16": (pa.float16(), lambda r: r.choice([0.0, -0.0, 1.5, float("nan"), 65504.0])),
        "f32": (pa.float32(), doubles),
        "f64": (pa.float64(), doubles),
        "word": (pa.string(), words),
        "text": (pa.large_string(), texts),
        "blob": (pa.binary(), lambda r: r.randbytes(r.randrange(20))),
        "fixed": (pa.binary(7), lambda r: r.randbytes(7)),
        "dec4": (pa.decimal128(4, 2), decimals(4, 2)),
        "dec16": (pa.decimal128(16, 3), decimals(16, 3)),
        "dec38": (pa.decimal128(38, 10), decimals(38, 10)),
        "dec60": (pa.decimal256(60, 5), decimals(25, 5)),
        "day": (pa.date32(), lambda r: datetime.date(1900, 1, 1) + datetime.timedelta(r.randrange(90_000))),
        "time": (pa.time64("us"), lambda r: r.randrange(86_400 * 10**6)),
        "ms": (pa.timestamp("ms"), moments("ms")),
        "us": (pa.timestamp("us", tz="UTC"), moments("us")),
        "ns": (pa.timestamp("ns", tz="Europe/Berlin"), moments("ns")),
        "wait": (pa.duration("us"), lambda r: r.randrange(10**9)),
        "nothing": (pa.null(), lambda r: None),
        "list": (pa.list_(pa.int32()), lambda r: [r.choice([None, 1, 2]) for _ in range(r.randrange(4))]),
        "lists": (
            pa.list_(pa.list_(pa.string())),
            lambda r: [[words(r) for _ in range(r.randrange(3))] for _ in range(r.randrange(3))],
        ),
        "struct": (
            pa.struct([("a", pa.int64()), ("b", pa.list_(pa.struct([("c", pa.float64()), ("d", pa.string())])))]),
            lambda r: {"a": r.randrange(wide) % 2**60, "b": [{"c": doubles(r), "d": None}] * r.randrange(3)},
        ),
        "map": (
            pa.map_(pa.string(), pa.list_(pa.int32())),
            lambda r: [(f"k{i}", [i] * r.randrange(3)) for i in range(r.randrange(3))],
        ),
        "enum": (pa.dictionary(pa.int32(), pa.string()), words),
    }
    columns = {name: column(rng, kind, make, rng.choice([0, 0.1, 0.9])) for name, (kind, make) in flat.items()}
    columns["all_null"] = pa.nulls(ROWS, pa.int64())
    columns["required"] = pa.array(range(ROWS), pa.int32())
    columns["constant"] = pa.array(["same"] * ROWS)
    fields = [
        pa.field(name, array.type, nullable=name != "required", metadata={"note": name}) for name, array in columns.items()
    ]
    schema = pa.schema(fields, metadata={"made by": "the tests", "größe": "列"})
    return pa.Table.from_arrays(list(columns.values()), schema=schema)


CODECS = ("none", "snappy", "gzip", "zstd", "brotli", "lz4")

# Encodings without a dictionary, by the name of what pyarrow has them for.
ENCODINGS = {
    "delta": {"DELTA_BINARY_PACKED": "i8 u8 i16 u16 i32 u32 i64 u64 day time ms us ns wait required".split()},
    "delta length": {"DELTA_LENGTH_BYTE_ARRAY": "word text blob constant".split()},
    "delta bytes": {"DELTA_BYTE_ARRAY": "word text blob constant fixed f16 dec4 dec16 dec38 dec60".split()},
    "streams": {
        "BYTE_STREAM_SPLIT": (
            "f32 f64 f16 i32 i64 u32 u64 fixed dec4 dec16 dec38 dec60 us day struct.b.list.element.c"
        ).split()
    },
    "delta in lists": {
        "DELTA_BINARY_PACKED": ["list.list.element", "struct.a"],
        "DELTA_BYTE_ARRAY": ["lists.list.element.list.element", "map.key_value.key"],
    },
}


def supported():
    for codec in CODECS:
        for version in ("1.0", "2.0"):
            for dictionary in (True, False):
                name = f"{codec} v{version} {'dictionary' if dictionary else 'plain'}"
                yield name, {"compression": codec, "data_page_version": version, "use_dictionary": dictionary}
    for name, encodings in ENCODINGS.items():
        columns = {column: encoding for encoding, columns in encodings.items() for column in columns}
        for codec in ("none", "snappy", "zstd"):
            for version in ("1.0", "2.0"):
                for size in (1 << 20, 90):
                    yield f"{name} {codec} v{version} pages of {size}", {
                        "compression": codec,
                        "data_page_version": version,
                        "use_dictionary": False,
                        "column_encoding": columns,
                        "data_page_size": size,
                        "write_batch_size": 1024 if size > 90 else 11,
                    }
    yield "small pages", {"data_page_size": 64, "write_batch_size": 7}
    yield "small row groups", {"row_group_size": 37}
    yield "dictionary that overflows", {"dictionary_pagesize_limit": 60, "write_batch_size": 13, "data_page_size": 100}
    yield "checksums and page index", {"write_page_checksum": True, "write_page_index": True, "data_page_size": 200}
    yield "deprecated timestamps", {"use_deprecated_int96_timestamps": True}
    yield "decimals as integers", {"store_decimal_as_integer": True}
    yield "format 1.0", {"version": "1.0"}
    yield "old lists, no arrow schema", {"use_compliant_nested_type": False, "store_schema": False}
    booleans = {"bool": "RLE"}
    yield "run-length encoded booleans", {"use_dictionary": False, "column_encoding": booleans, "data_page_version": "2.0"}
    yield "no statistics", {"write_statistics": False}


def by_duckdb(table, folder):
    # Kinds it does not know or casts: what is compared later is what it wrote.
    plain = table.drop_columns(["f16", "dec60", "nothing"])
    connection = duckdb.connect()
    for codec in ("uncompressed", "snappy", "gzip", "zstd", "brotli", "lz4_raw"):
        for version in ("V1", "V2"):
            # It writes differences of 33 bits, which pyarrow does not read: no witness for them here.
            columns = "*" if version == "V1" else "* EXCLUDE (i32, u32)"
            options = f"FORMAT parquet, COMPRESSION {codec}, PARQUET_VERSION {version}, ROW_GROUP_SIZE 2048"
            target = folder / f"DuckDB {codec} {version}"
            target.mkdir()
            for number, rows in enumerate(("", "LIMIT 99")):
                query = f"SELECT {columns}, required * 7 AS delta FROM plain {rows}"
                connection.execute(f"COPY ({query}) TO '{target / f'{number}.parquet'}' ({options})")


def by_polars(table, folder):
    # It neither knows maps nor the longest decimals.
    frame = pl.from_arrow(table.drop_columns(["dec60", "map", "fixed"]))
    for codec in ("uncompressed", "snappy", "gzip", "zstd", "brotli", "lz4"):
        target = folder / f"polars {codec}"
        target.mkdir()
        frame.write_parquet(target / "0.parquet", compression=codec, row_group_size=100, data_page_size=300)
        frame.head(33).write_parquet(target / "1.parquet", compression=codec, statistics=False)


def main():
    root = pathlib.Path(sys.argv[1])
    first, second = table(1), table(2)
    root.mkdir()
    by_duckdb(first, root)
    by_polars(second, root)
    for name, options in supported():
        folder = root / name
        folder.mkdir()
        # Format 1.0 has no nanoseconds.
        unfit = ["ns"] if options.get("version") == "1.0" else []
        for number, part in enumerate((first, second, second.slice(0, 0))):
            pq.write_table(part.drop_columns(unfit), folder / f"{number}.parquet", **options)


if __name__ == "__main__":
    main()
