"""Which indexed terms a query token may stand for: prefixes and misspellings.

Typesense keeps the terms of a field in a radix tree, walks it with an edit distance and takes
the best leaves below the nodes it ends on. The same walk is done here over the sorted terms: a
node is a stretch of them that share their first ``depth`` characters.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

END = "\0"  # what follows a term's last character
HIGHEST = "\U0010ffff"
_LEAVES_PER_CANDIDATE = 4  # leaves looked at per candidate wanted
_MAX_REJECTED = 150
_LAST_RESORT_LEAVES = 150
_MAX_CACHED_WALKS = 500
_MAX_CACHED_NODES = 50_000


@dataclass(frozen=True)
class TreeNode:
    """Terms ``start`` to ``end``; ``prefix`` is how many first characters they all share."""

    start: int
    end: int
    prefix: int

    @property
    def leaf(self) -> bool:
        return self.end - self.start == 1


class TermTree:
    """The terms of one field as a radix tree; ``ranks`` orders the leaves, highest first.

    With ``nodes_rank`` a node ranks like its best leaf, else below every leaf: Typesense does
    the one for points of a sorting field, the other for numbers of documents.
    """

    def __init__(
        self, terms: Sequence[str], ranks: npt.NDArray[np.int64], nodes_rank: bool
    ) -> None:
        self.terms = terms
        self.ranks = ranks
        self._nodes_rank = nodes_rank
        self._children: dict[TreeNode, list[TreeNode]] = {}
        self._walks: dict[tuple[str, int, bool], list[TreeNode]] = {}

    def char(self, node: TreeNode, depth: int) -> str:
        term = self.terms[node.start]
        return term[depth] if depth < len(term) else END

    def node(self, start: int, end: int) -> TreeNode:
        """The node over a stretch: its terms share as much as the outermost two."""
        first, last = self.terms[start], self.terms[end - 1]
        if end - start == 1:
            return TreeNode(start, end, len(first))
        shared = 0
        while shared < len(first) and first[shared] == last[shared]:
            shared += 1
        return TreeNode(start, end, shared)

    def root(self) -> TreeNode | None:
        return self.node(0, len(self.terms)) if self.terms else None

    def children(self, node: TreeNode) -> list[TreeNode]:
        """By their next character, the end of a term first."""
        known = self._children.get(node)
        if known is None:
            if len(self._children) > _MAX_CACHED_NODES:
                self._children.clear()
            known = self._children[node] = list(self._split(node))
        return known

    def _split(self, node: TreeNode) -> Iterator[TreeNode]:
        start = node.start
        while start < node.end:
            end = self._run_end(start, node.end, node.prefix)
            yield self.node(start, end)
            start = end

    def _run_end(self, start: int, limit: int, depth: int) -> int:
        """Where the terms that share the character at ``depth`` with ``start`` end."""
        char = self.terms[start][depth : depth + 1]
        if not char:
            return start + 1
        step, low = 1, start + 1
        while low < limit and self.terms[low][depth] == char:
            low, step = low + step, step * 2
        high, low = min(low, limit), max(start + 1, low - step // 2)
        while low < high:
            middle = (low + high) // 2
            if self.terms[middle][depth] == char:
                low = middle + 1
            else:
                high = middle
        return low

    def position(self, term: str) -> int | None:
        at = bisect_left(self.terms, term)
        return at if at < len(self.terms) and self.terms[at] == term else None

    def find_nodes(self, token: str, cost: int, prefix: bool) -> list[TreeNode]:
        """What a ``Walk`` finds; a query whose words are dropped in turn asks again and again."""
        key = (token, cost, prefix)
        if key not in self._walks:
            if len(self._walks) > _MAX_CACHED_WALKS:
                self._walks.clear()
            self._walks[key] = FuzzyWalk(self, token, cost, prefix).nodes()
        return self._walks[key]

    def rank(self, node: TreeNode) -> int:
        if node.leaf:
            return int(self.ranks[node.start])
        return int(self.ranks[node.start : node.end].max()) if self._nodes_rank else 0

    def best_leaves(
        self, node: TreeNode, wanted: int, taken: list[int], accept: Callable[[int], bool]
    ) -> None:
        """Add to ``taken`` accepted leaves below ``node`` until there are ``wanted``.

        Where very few documents may be found almost every leaf is refused; rather than trying
        them all, only those that rank highest are tried in the end.
        """
        queue = _Queue(self.rank)
        queue.push(node)
        refused = 0
        while queue and len(taken) < wanted:
            best = queue.pop()
            if not best.leaf:
                for child in self.children(best):
                    queue.push(child)
            elif accept(best.start):
                taken.append(best.start)
            else:
                refused += 1
                if refused == _MAX_REJECTED:
                    highest = np.argsort(-self.ranks[node.start : node.end], kind="stable")
                    rest = (node.start + highest[:_LAST_RESORT_LEAVES]).tolist()
                    taken += [at for at in rest if at not in taken and accept(at)]
                    del taken[wanted:]
                    return


class _Queue:
    """A binary heap that answers ties the way the C++ standard library's does.

    With equal ranks which leaf comes first decides what is found at all, so the order of a
    plain ``heapq`` would give other documents than Typesense does.
    """

    def __init__(self, rank: Callable[[TreeNode], int]) -> None:
        self._rank = rank
        self._heap: list[tuple[int, TreeNode]] = []

    def __bool__(self) -> bool:
        return bool(self._heap)

    def push(self, node: TreeNode) -> None:
        self._heap.append((self._rank(node), node))
        self._sift_up(len(self._heap) - 1, self._heap[-1])

    def _sift_up(self, hole: int, item: tuple[int, TreeNode]) -> None:
        heap = self._heap
        while hole > 0:
            parent = (hole - 1) // 2
            if heap[parent][0] >= item[0]:
                break
            heap[hole] = heap[parent]
            hole = parent
        heap[hole] = item

    def pop(self) -> TreeNode:
        heap = self._heap
        item = heap.pop()
        if not heap:
            return item[1]
        top = heap[0][1]
        hole, size = 0, len(heap)
        while 2 * hole + 2 < size:
            child = 2 * hole + 2
            if heap[child][0] < heap[child - 1][0]:
                child -= 1
            heap[hole] = heap[child]
            hole = child
        if 2 * hole + 2 == size:
            heap[hole] = heap[size - 1]
            hole = size - 1
        self._sift_up(hole, item)
        return top


Row = list[int]


def _next_row(depth: int, before: str, char: str, query: str, older: Row, row: Row) -> Row:
    """One more line of the optimal string alignment table, for the tree's ``char``.

    As in Typesense the first two characters are never taken for swapped.
    """
    new = [row[0] + 1]
    for column, wanted in enumerate(query, 1):
        cost = row[column - 1] + (char != wanted)
        cost = min(cost, new[-1] + 1, row[column] + 1)
        if depth > 1 and column > 1 and char == query[column - 2] and before == wanted:
            cost = min(cost, older[column - 2] + 1)
        new.append(cost)
    return new


class FuzzyWalk:
    """Finds the nodes whose terms lie exactly ``cost`` edits from ``token``.

    With ``prefix`` the edits are counted up to the token's length only. Otherwise the end of the
    term is compared like a character, so that it has to come where the token ends.
    """

    def __init__(self, tree: TermTree, token: str, cost: int, prefix: bool) -> None:
        self._tree = tree
        self._query = token if prefix else token + END
        self._cost = cost
        self._prefix = prefix
        self._found: list[TreeNode] = []

    def nodes(self) -> list[TreeNode]:
        root = self._tree.root()
        if root is not None:
            row = list(range(len(self._query) + 1))
            self._visit(root, 0, "", row, row)
        return self._found

    def _visit(self, node: TreeNode, depth: int, before: str, older: Row, row: Row) -> None:
        bound = min(node.prefix + 1, len(self._query) + self._cost) if node.leaf else node.prefix
        at_bound = depth + 1 >= bound
        limit = max(depth + 1, bound) if node.leaf else bound
        while depth < limit:
            char = self._tree.char(node, depth)
            if char != END or not self._prefix:
                older, row = row, _next_row(depth, before, char, self._query, older, row)
            verdict = self._judge(depth, before, char, row)
            if verdict:
                self._found.append(node)
            if verdict is not None:
                return
            before, depth = char, depth + 1
        if node.leaf:
            if at_bound and row[-1] == self._cost:
                self._found.append(node)
            return
        for child in reversed(self._tree.children(node)):
            self._visit(child, depth, before, older, row)

    def _judge(self, depth: int, before: str, char: str, row: Row) -> bool | None:
        """True: take all below; False: nothing below can match; None: look farther."""
        length = len(self._query)
        if char == END:
            return row[length] == self._cost
        cost = row[min(depth + 1, length)]
        if self._prefix and depth + 1 >= length and cost == self._cost:
            return True
        if cost <= self._cost or self._may_recover(depth, before, char, cost):
            return None
        return False

    def _may_recover(self, depth: int, before: str, char: str, cost: int) -> bool:
        """A cost above the bound may come down again where letters are missing or too many."""
        query = self._query
        neighbours = {query[depth + 1 : depth + 2], query[depth - 1 : depth] if depth else ""}
        if cost in (2, 3) and char in neighbours:
            return True
        if cost not in (3, 4):
            return False
        two_more = query[depth + 1 : depth + 3] == before + char
        return two_more or (depth > 1 and query[depth - 2 : depth - 1] == char)


def find_candidates(
    tree: TermTree,
    token: str,
    cost: int,
    prefix: bool,
    wanted: int,
    taken: set[str],
    accept: Callable[[int], bool],
) -> list[str]:
    """At most ``wanted`` terms ``cost`` edits from ``token``, the token itself first.

    Terms in ``taken`` are passed over, those returned are added to it.
    """
    exact = tree.position(token)
    leaves: list[int] = []

    def fits(leaf: int) -> bool:
        return leaf != exact and tree.terms[leaf] not in taken and accept(leaf)

    for node in _start_nodes(tree, token, cost, prefix):
        tree.best_leaves(node, wanted * _LEAVES_PER_CANDIDATE, leaves, fits)
        taken.update(tree.terms[leaf] for leaf in leaves)
    leaves.sort(key=lambda leaf: -int(tree.ranks[leaf]))
    found = [tree.terms[leaf] for leaf in leaves]
    if exact is not None and cost == 0 and token not in taken:
        found.insert(0, token)
        taken.add(token)
    return found[:wanted]


def _start_nodes(tree: TermTree, token: str, cost: int, prefix: bool) -> list[TreeNode]:
    if cost > 0:
        return tree.find_nodes(token, cost, prefix)
    if not prefix:
        return []
    start = bisect_left(tree.terms, token)
    end = bisect_left(tree.terms, token + HIGHEST, start)
    return [tree.node(start, end)] if end > start else []
