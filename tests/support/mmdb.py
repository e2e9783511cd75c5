"""A MaxMind database of a few networks, written as its specification has it (version 2.0)."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Any

_TEXT, _MAP, _UINT16, _UINT32, _UINT64, _ARRAY = 2, 7, 5, 6, 9, 11
_METADATA = b"\xab\xcd\xefMaxMind.com"


def write(path: Path, places: dict[str, dict[str, Any]]) -> None:
    """IPv4 networks and what is known of each."""
    data, offsets = b"", {}
    for network, known in places.items():
        offsets[network] = len(data)
        data += _encoded(known)
    nodes: list[list[int | None]] = [[None, None]]
    leaves: dict[tuple[int, int], int] = {}
    for network, offset in offsets.items():
        _add(nodes, leaves, ipaddress.IPv4Network(network), offset)
    count = len(nodes)
    tree = b"".join(
        (count + 16 + leaves[at, bit] if (at, bit) in leaves else count if child is None else child).to_bytes(
            3
        )
        for at, node in enumerate(nodes)
        for bit, child in enumerate(node)
    )
    metadata = {
        "binary_format_major_version": (_UINT16, 2),
        "binary_format_minor_version": (_UINT16, 0),
        "build_epoch": (_UINT64, 1_764_000_000),
        "database_type": "Test-City",
        "description": {"en": "a test"},
        "ip_version": (_UINT16, 4),
        "languages": ["en", "de"],
        "node_count": (_UINT32, count),
        "record_size": (_UINT16, 24),
    }
    path.write_bytes(tree + bytes(16) + data + _METADATA + _encoded(metadata))


def _add(
    nodes: list[list[int | None]],
    leaves: dict[tuple[int, int], int],
    network: ipaddress.IPv4Network,
    offset: int,
) -> None:
    at, address = 0, int(network.network_address)
    for depth in range(network.prefixlen):
        bit = address >> (31 - depth) & 1
        if depth == network.prefixlen - 1:
            leaves[at, bit] = offset
            return
        child = nodes[at][bit]
        if child is None:
            nodes.append([None, None])
            child = nodes[at][bit] = len(nodes) - 1
        at = child


def _encoded(value: Any) -> bytes:
    if isinstance(value, str):
        raw = value.encode()
        return _control(_TEXT, len(raw)) + raw
    if isinstance(value, dict):
        return _control(_MAP, len(value)) + b"".join(_encoded(k) + _encoded(v) for k, v in value.items())
    if isinstance(value, list):
        return _control(_ARRAY, len(value)) + b"".join(map(_encoded, value))
    kind, number = value
    raw = number.to_bytes((number.bit_length() + 7) // 8)
    return _control(kind, len(raw)) + raw


def _control(kind: int, size: int) -> bytes:
    head = bytes([size]) if size < 29 else bytes([29, size - 29])
    if kind > 7:
        return bytes([head[0], kind - 7]) + head[1:]
    return bytes([kind << 5 | head[0]]) + head[1:]
