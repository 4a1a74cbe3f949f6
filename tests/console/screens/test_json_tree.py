"""JSON as a tree: what is shown of it, and what is left out."""

from console.screens.run.json_tree import DEEPEST, LONGEST_SHOWN, MOST_NODES, SHORT_CHARACTERS, Node, tree_of


def nodes(node: Node) -> list[Node]:
    return [node, *(each for child in node.children for each in nodes(child))]


def test_each_value_has_the_path_that_finds_it() -> None:
    tree = tree_of("output", "Output", {"results": [{"title": "Tea", "a b": None}]})
    assert [node.path for node in nodes(tree.root)] == [
        "$",
        "$.results",
        "$.results[0]",
        "$.results[0].title",
        '$.results[0]["a b"]',
    ]


def test_the_first_levels_are_open() -> None:
    tree = tree_of("output", "Output", {"a": {"b": {"c": 1}}})
    assert [node.opened for node in nodes(tree.root)] == [True, True, False, False]


def test_a_wide_value_is_cut_and_says_how_much_is_left_out() -> None:
    tree = tree_of("output", "Output", [[0, 1] for _ in range(3 * MOST_NODES)])
    assert len(nodes(tree.root)) <= MOST_NODES + 1
    assert tree.root.left_out == 2 * MOST_NODES
    assert tree.root.children[0].left_out == 2


def test_a_first_child_does_not_take_the_room_of_the_others() -> None:
    tree = tree_of("output", "Output", {"many": list(range(9 * MOST_NODES)), "last": 1})
    assert [node.key for node in tree.root.children] == ["many", "last"]


def test_a_deep_value_ends() -> None:
    value: list[object] = []
    for _ in range(3 * DEEPEST):
        value = [value]
    deepest = nodes(tree_of("output", "Output", value).root)[-1]  # type: ignore[arg-type]  # lists of lists are JSON
    assert (deepest.children, deepest.left_out) == ([], 1)


def test_a_long_text_has_a_beginning_and_the_whole_is_cut_too() -> None:
    tree = tree_of("output", "Output", {"text": "x" * (2 * LONGEST_SHOWN)})
    text = tree.root.children[0]
    assert (len(text.head), len(text.text), text.size) == (SHORT_CHARACTERS, LONGEST_SHOWN, 2 * LONGEST_SHOWN)
    assert (tree.cut, len(tree.text)) == (True, LONGEST_SHOWN)
