"""The Merkle tree: RFC 6962's definition, the public vectors, and proofs that prove what they say and nothing else."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.merkle import HEIGHT, Growth, Nodes, consistency_proof, grown, inclusion_proof, root_of
from gateway.verify import Tree, leaf_hash, node_hash, verify_consistency, verify_inclusion

VECTORS = 196
LARGEST = 70_000


def defined(leaves: list[bytes]) -> bytes:
    """Hash a tree as RFC 6962, 2.1, defines it: from the top down."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    middle = 1 << (len(leaves) - 1).bit_length() - 1
    return node_hash(defined(leaves[:middle]), defined(leaves[middle:]))


def leaves_of(size: int) -> list[bytes]:
    """Make some leaves."""
    return [leaf_hash(str(number).encode()) for number in range(size)]


def stored(leaves: list[bytes]) -> Nodes:
    """Store leaves as the sealer does, with the nodes that its growing yields."""
    rows = {(0, index): leaf for index, leaf in enumerate(leaves)}
    growth = Growth()
    for leaf in leaves:
        for node in growth.append(leaf):
            rows[node.level, node.index] = node.hash
    return lambda level, start, stop: [rows[level, index] for index in range(start, stop)]


@pytest.fixture(scope="module")
def large() -> tuple[list[bytes], Nodes]:
    """Yield a tree with nodes on two levels, as its leaves and as what is stored of it."""
    leaves = leaves_of(LARGEST)
    return leaves, stored(leaves)


def _vectors(folder: Path) -> list[tuple[str, dict[str, Any]]]:
    return [
        (file.relative_to(folder).as_posix(), json.loads(file.read_text()))
        for kind in ("inclusion", "consistency")
        for file in sorted((folder / kind).rglob("*.json"))
    ]


def _accepted(vector: dict[str, Any]) -> bool:
    # Go writes an empty list, and an empty hash, as null.
    proof = [base64.b64decode(each or "") for each in vector["proof"] or ()]
    if "leafIdx" in vector:
        leaf, root = (base64.b64decode(vector[name] or "") for name in ("leafHash", "root"))
        return verify_inclusion(leaf, vector["leafIdx"], vector["treeSize"], proof, root)
    roots = [base64.b64decode(vector[name] or "") for name in ("root1", "root2")]
    return verify_consistency(vector["size1"], vector["size2"], proof, *roots)


def test_the_public_vectors_are_accepted_and_refused_as_they_say(shared_data: Path) -> None:
    vectors = _vectors(shared_data / "merkle" / "testdata")
    assert len(vectors) == VECTORS
    wrong = [name for name, vector in vectors if _accepted(vector) is bool(vector["wantErr"])]
    assert wrong == []


@given(st.integers(0, 300))
def test_a_tree_that_grows_is_the_tree_that_is_defined(size: int) -> None:
    leaves, tree, growth = leaves_of(size), Tree(), Growth()
    for leaf in leaves:
        tree.append(leaf)
        list(growth.append(leaf))
    assert tree.root() == growth.root() == defined(leaves)


@given(st.integers(1, 400), st.data())
def test_every_leaf_is_proven_at_its_own_place_only(size: int, data: st.DataObject) -> None:
    leaves = leaves_of(size)
    nodes, root = stored(leaves), defined(leaves)
    index, other = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(nodes, index, size)
    assert verify_inclusion(leaves[index], index, size, proof, root)
    assert verify_inclusion(leaves[index], other, size, proof, root) is (index == other)
    assert verify_inclusion(leaves[other], index, size, proof, root) is (index == other)
    assert not verify_inclusion(leaves[index], index, size, [*proof, root], root)


@given(st.integers(1, 400), st.data())
def test_a_tree_is_proven_to_begin_with_each_older_one(new: int, data: st.DataObject) -> None:
    leaves = leaves_of(new)
    old = data.draw(st.integers(1, new))
    proof = consistency_proof(stored(leaves), old, new)
    roots = defined(leaves[:old]), defined(leaves)
    assert verify_consistency(old, new, proof, *roots)
    changed = [leaf_hash(b"changed"), *leaves[1:old]]
    assert not verify_consistency(old, new, proof, defined(changed), roots[1])
    assert not verify_consistency(old, new, proof, roots[0], defined([*changed, *leaves[old:]]))


@given(st.data())
def test_proofs_come_out_of_the_few_nodes_that_are_stored(
    large: tuple[list[bytes], Nodes], data: st.DataObject
) -> None:
    leaves, nodes = large
    read: list[int] = []

    def counted(level: int, start: int, stop: int) -> Any:
        read.append(stop - start)
        return nodes(level, start, stop)

    new = data.draw(st.integers(1, LARGEST))
    old, index = data.draw(st.integers(1, new)), data.draw(st.integers(0, new - 1))
    new_root, old_root = root_of(nodes, new), root_of(nodes, old)
    assert verify_inclusion(leaves[index], index, new, inclusion_proof(counted, index, new), new_root)
    assert verify_consistency(old, new, consistency_proof(counted, old, new), old_root, new_root)
    assert sum(read) < 8 * (1 << HEIGHT)


@given(size=st.sampled_from([0, 1, 255, 256, 257, 65_535, 65_536, 65_537, LARGEST - 1]))
def test_a_tree_is_taken_up_where_it_was_left(large: tuple[list[bytes], Nodes], size: int) -> None:
    leaves, nodes = large
    growth, whole = grown(size, nodes), Growth()
    for leaf in leaves[:size]:
        list(whole.append(leaf))
    assert growth.root() == whole.root() == root_of(nodes, size)
    trial = growth.copy()
    assert list(trial.append(leaves[size])) == list(whole.append(leaves[size]))
    assert (trial.root(), trial.size, growth.size) == (whole.root(), size + 1, size)


def test_what_is_not_in_a_tree_has_no_proof() -> None:
    with pytest.raises(ValueError, match="no leaf 3 in a tree of 3"):
        inclusion_proof(stored(leaves_of(3)), 3, 3)
    with pytest.raises(ValueError, match="of 3 does not begin with one of 4"):
        consistency_proof(stored(leaves_of(3)), 4, 3)
