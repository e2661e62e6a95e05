"""A server in a process of its own whose models answer, judge, and never want to stop."""

import json
import re
from contextlib import suppress

from helpers.server import Body, Server

SCORES = [{"number": n, "reason": "Fine.", "score": 10 - n} for n in range(1, 9)]


def reply(body: Body, k: int) -> str:
    """Answer in the form that the prompt asks for."""
    said = str(body["messages"])
    if "Judge all of them now" in said:
        numbers = {int(number) for number in re.findall(r"<answer number=\W*(\d+)", said)}
        return json.dumps({"answers": [one for one in SCORES if one["number"] in numbers]})
    if "Should the panel stop" in said:
        return json.dumps({"reason": "They differ.", "stop": False})
    return f"The answer is {k}. " + "It follows from what was said. " * 20


def main() -> None:
    """Serve until interrupted."""
    with Server(reply) as server, suppress(KeyboardInterrupt):
        print(server.url, flush=True)
        server.join()


if __name__ == "__main__":
    main()
