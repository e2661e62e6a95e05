"""Claims of the papers, measured again: writes EVIDENCE.md.

On recorded answers that come with the package (of 44 models, and of a small local model that was
asked live), on recorded samples next to the project where they are present (MANYMINDS_DATA, or
../shared/data), and on simulated members, called so. Nothing is asked. A section whose data are
missing stays as it was last measured.

    python benchmarks/evidence.py --out EVIDENCE.md

`make evidence` does the same. With --only NAME it prints one section.
"""

import argparse
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from claims import gsm8k, live, recorded, simulated
from claims.common import Claim

CLAIMS: Sequence[Claim] = (*gsm8k.CLAIMS, *live.CLAIMS, *recorded.CLAIMS, *simulated.CLAIMS)
WRITTEN = Path(__file__).parent.parent / "EVIDENCE.md"
HEAD = """\
# Evidence

Claims of the papers, measured again. Written by:

```sh
python benchmarks/evidence.py --out EVIDENCE.md
```

Intervals are 95 %: Wilson's for accuracies, exact ones (Clopper and Pearson) for ceilings, and for
differences a paired bootstrap over questions. A vote of 1 is drawn in random orders, coverage of 1
is exact; both estimate how often one sample is right. Sections on data that are not part of the
package stay as they were last measured where the data are missing."""


def section(number: int, claim: Claim) -> str:
    """Return the text of a section: measured, or as it was where its data are missing."""
    if not all(path.exists() for path in claim.needs):
        kept = re.search(
            rf"^## \d+\. {re.escape(claim.title)}\n.*?(?=^## |\Z)",
            WRITTEN.read_text(encoding="utf-8"),
            re.MULTILINE | re.DOTALL,
        )
        if kept:
            return re.sub(r"^## \d+", f"## {number}", kept[0]).rstrip()
        return f"## {number}. {claim.title}\n\nNot measured here: the data are missing."
    return "\n".join(_lines(number, claim))


def _lines(number: int, claim: Claim) -> Iterator[str]:
    found = claim.measure()
    yield f"## {number}. {claim.title}\n"
    yield f"Paper: {claim.paper}. {claim.reported}\n"
    yield f"Data: {claim.data.replace('{n}', f'{found.n:,}')}\n"
    head, *rows = found.rows
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield f"\n{found.text}\n"
    yield f"Limits: {claim.limits}"


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--out", type=Path, help="file to write")
    parser.add_argument("--only", choices=[claim.name for claim in CLAIMS], help="one section")
    options = parser.parse_args()
    numbered = list(enumerate(CLAIMS, 1))
    if options.only:
        print(next(section(n, claim) for n, claim in numbered if claim.name == options.only))
        return
    text = "\n\n".join([HEAD, *(section(n, claim) for n, claim in numbered)]) + "\n"
    if options.out:
        options.out.write_text(text, encoding="utf-8")
    else:
        print(text, end="")


if __name__ == "__main__":
    main()
