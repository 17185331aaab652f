"""Makes files whose pages differ in what they hold, so that a wrong page index would lose rows.

usage: page_index_inputs.py DIRECTORY SEED
"""

import datetime
import decimal
import pathlib
import random
import struct
import sys

import pyarrow as pa
import pyarrow.parquet as pq

ROWS = [700, 1900, 1, 1400]
SCHEMA = pa.schema(
    [
        pa.field("n", pa.int64(), nullable=False),
        pa.field("down", pa.int32()),
        pa.field("near", pa.int64()),
        pa.field("small", pa.uint32()),
        pa.field("large", pa.uint64()),
        pa.field("f", pa.float64()),
        pa.field("g", pa.float32()),
        pa.field("odd", pa.float64()),
        pa.field("text", pa.string()),
        pa.field("word", pa.string()),
        pa.field("bytes", pa.binary()),
        pa.field("money", pa.decimal128(20, 2)),
        pa.field("pence", pa.decimal128(7, 1)),
        pa.field("at", pa.timestamp("us")),
        pa.field("day", pa.date32()),
        pa.field("flag", pa.bool_()),
        pa.field("hole", pa.int64()),
        pa.field("nothing", pa.int32()),
    ]
)


def row(rng, n):
    """Values near each other in neighbouring rows, with outliers, nulls by stretches, and bounds that tie or are cut."""
    near = n // 40 * 10 + rng.randrange(12)
    return {
        "n": n,
        "down": 10_000 - n,
        "near": None if rng.random() < 0.05 else near * rng.choice([1, 1, 1, 1, -1]),
        "small": rng.choice([near, 2**32 - 1 - near]),
        "large": rng.choice([near, 2**63 + near, 2**64 - 1 - near]),
        "f": rng.choice([0.0, -0.0, near / 7, -near / 7, float("inf"), 5e-324]) if rng.random() < 0.2 else near / 7,
        "g": struct.unpack("f", struct.pack("f", near / 3))[0],
        "odd": float("nan") if rng.random() < 0.01 else near / 11,
        "text": "ä" * 33 + rng.choice(["", "\U0010ffff", "z", "é"]) + f"{near:05d}" + "x" * rng.randrange(60),
        "word": None if n // 60 % 3 == 1 else ["clear", "rain", "fog", "snow"][n // 90 % 4],
        "bytes": bytes([255] * rng.choice([0, 64, 70])) + near.to_bytes(3, "big") + bytes(rng.randrange(70)),
        "money": decimal.Decimal(near * rng.choice([1, -1]) * 10**12).scaleb(-2),
        "pence": decimal.Decimal(near).scaleb(-1),
        "at": datetime.datetime(2025, 8, 15) + datetime.timedelta(seconds=near * 7),
        "day": datetime.date(1960, 1, 1) + datetime.timedelta(days=near * 9),
        "flag": n // 500 % 2 == 0,
        "hole": None if n // 120 % 2 == 0 else near,
        "nothing": None,
    }


def main():
    directory, seed = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    rng = random.Random(seed)
    first = 0
    for number, rows in enumerate(ROWS):
        table = pa.Table.from_pylist([row(rng, first + i) for i in range(rows)], SCHEMA)
        pq.write_table(table, directory / f"{number}.parquet", row_group_size=rng.choice([300, 1000]))
        first += rows


if __name__ == "__main__":
    main()
