"""YAML of unknown origin: text that could fill the memory or the stack is refused unread."""


def is_tangled(text: str, *, depth: int | None = None) -> bool:
    """Return whether YAML has aliases, which could fill the memory, or is nested too deep.

    Args:
        text: The YAML. It is read event by event, and nothing is built.
        depth: Collections inside one another, at most. None: no limit.

    Raises:
        yaml.YAMLError: The text is not YAML.
    """
    import yaml

    inside = 0
    for event in yaml.parse(text):
        inside += isinstance(event, yaml.CollectionStartEvent)
        inside -= isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent) or (depth is not None and inside > depth):
            return True
    return False
