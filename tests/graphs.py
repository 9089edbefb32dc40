"""What TensorFlow has traced."""


def all_nodes(graph):
    """The nodes of a graph, those of its functions included."""
    content = graph.as_graph_def()
    functions = [one.node_def for one in content.library.function]
    return [node for nodes in (content.node, *functions) for node in nodes]
