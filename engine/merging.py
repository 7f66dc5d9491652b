"""Which fields of a document meet in one place of the answer: each pair is what validating their merge compares."""

from graphql import FieldNode, FragmentDefinitionNode, FragmentSpreadNode, SelectionSetNode


class Pairs:
    """Counts pairs, and stops counting soon after `limit`; `found` is how many there are, or something above it."""

    def __init__(self, fragments: dict[str, FragmentDefinitionNode], limit: int) -> None:
        self._fragments = fragments
        self._limit = limit
        self.found = 0

    def count(self, sets: list[SelectionSetNode]) -> None:
        """Add the pairs below selection sets that merge; recursion is bounded by the nesting checked before."""
        if len(sets) == 1 and not any(part.__class__ is not FieldNode for part in sets[0].selections):
            self._count_plain(sets[0])
            return
        self._count_groups(self._collect(sets))

    def _count_plain(self, only: SelectionSetNode) -> None:
        groups: dict[str, list[FieldNode]] = {}
        for selection in only.selections:
            if isinstance(selection, FieldNode):
                groups.setdefault(_response_name(selection), []).append(selection)
        self._count_groups(groups)

    def _count_groups(self, groups: dict[str, list[FieldNode]]) -> None:
        for nodes in groups.values():
            self.found += len(nodes) * (len(nodes) - 1) // 2
            if self.found > self._limit:
                return
            inner = [node.selection_set for node in nodes if node.selection_set]
            if inner:
                self.count(inner)

    def _collect(self, sets: list[SelectionSetNode]) -> dict[str, list[FieldNode]]:
        groups: dict[str, list[FieldNode]] = {}
        seen: set[str] = set()
        stack = list(reversed(sets))
        while stack:
            for selection in stack.pop().selections:
                if isinstance(selection, FieldNode):
                    groups.setdefault(_response_name(selection), []).append(selection)
                elif isinstance(selection, FragmentSpreadNode):
                    name = selection.name.value
                    if name in self._fragments and name not in seen:
                        seen.add(name)
                        stack.append(self._fragments[name].selection_set)
                else:
                    stack.append(selection.selection_set)  # type: ignore[attr-defined]
        return groups


def _response_name(node: FieldNode) -> str:
    return node.alias.value if node.alias else node.name.value
