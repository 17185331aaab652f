"""Digests of Arrow columns by value: equal exactly when types, nulls and every bit of every value are equal."""

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

BYTES = [pa.types.is_string, pa.types.is_binary, pa.types.is_large_string, pa.types.is_large_binary]

def digest(column):
    """SHA-256 (hex) over the rows of a column, however it is cut into chunks: NaN payloads and -0.0 count."""
    hasher = hashlib.sha256()
    array = pa.concat_arrays(column.chunks) if isinstance(column, pa.ChunkedArray) and column.num_chunks else column
    if isinstance(array, pa.ChunkedArray):
        array = pa.array([], column.type)
    _update(hasher, array)
    return hasher.hexdigest()


def _update(hasher, array):
    kind = array.type
    if isinstance(array, pa.ExtensionArray):
        hasher.update(str(kind).encode())
        _update(hasher, array.storage)
        return
    if pa.types.is_dictionary(kind):
        _update(hasher, array.dictionary_decode())
        return
    hasher.update(f"{kind}:{len(array)};".encode())
    valid = array.is_valid().to_numpy(zero_copy_only=False)
    hasher.update(np.packbits(valid).tobytes())
    if pa.types.is_null(kind):
        return
    if pa.types.is_struct(kind):
        for name, child in zip((field.name for field in kind), array.flatten()):
            hasher.update(name.encode())
            _update(hasher, child)
    elif pa.types.is_map(kind):
        _update_lengths(hasher, array)
        present = array.drop_null()
        if len(present):
            first, last = present.offsets[0].as_py(), present.offsets[-1].as_py()
            _update(hasher, present.keys[first:last])
            _update(hasher, present.items[first:last])
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        _update_lengths(hasher, array)
        _update(hasher, array.flatten())
    elif any(is_kind(kind) for is_kind in BYTES):
        hasher.update(pc.fill_null(pc.cast(pc.binary_length(array), pa.int64()), 0).to_numpy().tobytes())
        present = pa.concat_arrays([array.drop_null()])
        if len(present):
            _, offsets, values = present.buffers()
            wide = pa.types.is_large_string(kind) or pa.types.is_large_binary(kind)
            bounds = np.frombuffer(offsets, np.int64 if wide else np.int32)[present.offset :]
            if values is not None:
                hasher.update(values[int(bounds[0]) : int(bounds[len(present)])])
    elif pa.types.is_boolean(kind):
        hasher.update(np.packbits(array.drop_null().to_numpy(zero_copy_only=False)).tobytes())
    else:
        present = pa.concat_arrays([array.drop_null()])
        width = kind.bit_width // 8
        start = present.offset * width
        values = present.buffers()[1]
        hasher.update(values[start : start + len(present) * width] if values is not None else b"")


def _update_lengths(hasher, array):
    if pa.types.is_map(array.type):
        offsets = array.offsets.to_numpy()
        lengths = np.where(array.is_valid().to_numpy(zero_copy_only=False), np.diff(offsets), 0)
        hasher.update(lengths.astype(np.int64).tobytes())
    else:
        hasher.update(pc.fill_null(pc.cast(pc.list_value_length(array), pa.int64()), 0).to_numpy().tobytes())
