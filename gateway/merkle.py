"""The log's Merkle tree where it is kept: growing leaf by leaf, and proofs out of what was stored on the way.

The tree is RFC 6962's. Stored are the leaves and, of the nodes above them, every eighth level: a 256th of the rows, and
whatever lies between is hashed again from at most 256 of them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from gateway.verify import Tree

HEIGHT = 8
WIDTH = 1 << HEIGHT
LEVELS = range(0, 64, HEIGHT)

Nodes = Callable[[int, int, int], Sequence[bytes]]
"""Reads stored hashes of one level, from an index to before another; level 0 is the leaves."""


@dataclass(frozen=True, slots=True)
class Node:
    """One stored hash above the leaves: that of the 2**level leaves from index * 2**level on."""

    level: int
    index: int
    hash: bytes


class Growth:
    """A tree of any size, as the few hashes by which it can grow."""

    def __init__(self, size: int = 0, tiles: Sequence[Tree] | None = None) -> None:
        self.size = size
        self._tiles = list(tiles or (Tree() for _ in LEVELS))

    def append(self, leaf: bytes) -> Iterator[Node]:
        """Add a leaf's hash; yields the nodes which that completes and which are to be stored."""
        self.size += 1
        for number, level in enumerate(LEVELS):
            tile = self._tiles[number]
            tile.append(leaf)
            if tile.size < WIDTH:
                return
            leaf = tile.root()
            self._tiles[number] = Tree()
            yield Node(level + HEIGHT, (self.size >> level + HEIGHT) - 1, leaf)

    def root(self) -> bytes:
        """Hash the whole tree."""
        return Tree(self.size, self.peaks).root()

    @property
    def peaks(self) -> list[bytes]:
        """The roots of the whole subtrees that the tree is made of, largest first."""
        return [peak for tile in reversed(self._tiles) for peak in tile.peaks]

    def copy(self) -> "Growth":
        """Copy the tree, to let it grow on trial."""
        return Growth(self.size, [Tree(tile.size, tile.peaks) for tile in self._tiles])


def grown(size: int, nodes: Nodes) -> Growth:
    """Take up a tree where it was left, from what was stored of it."""
    tiles = []
    for level in LEVELS:
        end = size >> level
        tile = Tree()
        for found in nodes(level, end - end % WIDTH, end) if end % WIDTH else ():
            tile.append(found)
        tiles.append(tile)
    return Growth(size, tiles)


def root_of(nodes: Nodes, size: int) -> bytes:
    """Hash the tree of the first leaves."""
    return _subtree(nodes, 0, size)


def inclusion_proof(nodes: Nodes, index: int, size: int) -> list[bytes]:
    """Make the proof that a tree has a leaf: the audit path of RFC 6962, 2.1.1. Raises ValueError outside the tree."""
    if not 0 <= index < size:
        raise ValueError(f"there is no leaf {index} in a tree of {size}")
    path: list[bytes] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _left(high - low)
        if index < middle:
            path.append(_subtree(nodes, middle, high))
            high = middle
        else:
            path.append(_subtree(nodes, low, middle))
            low = middle
    return path[::-1]


def consistency_proof(nodes: Nodes, old: int, new: int) -> list[bytes]:
    """Make the proof that a tree begins with an older one: RFC 6962, 2.1.2. Raises ValueError where it cannot."""
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} does not begin with one of {old}")
    if old in (0, new):
        return []
    path: list[bytes] = []
    low, high = 0, new
    while old != high:
        middle = low + _left(high - low)
        if old <= middle:
            path.append(_subtree(nodes, middle, high))
            high = middle
        else:
            path.append(_subtree(nodes, low, middle))
            low = middle
    # The oldest tree's own root is known to whoever verifies, unless it is only a part of that tree.
    return path[::-1] if low == 0 else [_subtree(nodes, low, high), *path[::-1]]


def _left(size: int) -> int:
    """Return how many leaves are on the left: the largest power of two that is smaller than the size."""
    return 1 << (size - 1).bit_length() - 1


def _subtree(nodes: Nodes, low: int, high: int) -> bytes:
    """Hash leaves from a multiple of the power of two that they fill, from the largest stored nodes on."""
    peaks: list[bytes] = []
    for level in reversed(LEVELS):
        count = high - low >> level
        if count:
            tile = Tree()
            for found in nodes(level, low >> level, (low >> level) + count):
                tile.append(found)
            peaks += tile.peaks
            low += count << level
    return Tree(0, peaks).root()
