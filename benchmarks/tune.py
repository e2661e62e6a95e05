"""Closes the loop on a real model: does training on its own sure votes make it better?

LIVE: SmolLM2-135M is sampled, trained with LoRA and sampled again as the script runs, all with
transformers, in one thread unless `--threads` says otherwise. For each family of generated
questions, of which 600 are different:

1. The training questions are answered eight times each, with records; that measures one reply.
2. Rows are exported and trained, a row for each distinct reply to a question: `vote` (replies of
   votes with 60 % of the replies behind them; no reference answer), `gold` (right replies), `eto`
   (the model that `gold` gave, then DPO on pairs with that model's own failures).
3. Other questions of the family measure the model before and after: one reply, a vote of eight, and
   how often a sure vote was right.

"More Agents Is All You Need" (arXiv 2402.05120) ties what a vote gains to the chance of one reply:
the prediction is that training on votes helps where one reply is right often enough, and that there
is little to train on where it is not.

Everything is kept in a folder as it is made, and the same command continues where it stopped, also
in the midst of the questions or of a training. Families can run in processes of their own with the
same folder. Prints tables and draws the losses into `tune.svg` in that folder; `--report` prints
what is there and asks nothing. Needs the extra `tune` and `manyminds models get smollm2`; without
them it says so and exits 0.
"""

import argparse
import json
import random
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path

from rich.console import Console
from rich.table import Table

from manyminds.errors import InputError, ManymindsError
from manyminds.evals.data import read_rows
from manyminds.evals.grading import grader
from manyminds.export.filters import Limits
from manyminds.export.measure import Measured, Sampling, measured, sample
from manyminds.export.plan import Plan
from manyminds.export.training import NEEDED, Training, check_packages, write_folder
from manyminds.export.tuning import Job, recipe_of, tune
from manyminds.json_lines import encoded
from manyminds.models.local import PREFIX
from manyminds.models.local_weights import KNOWN, find

MODEL = "smollm2"
_WHOLE = 64  # words in a row that a training question may not share: more than any has
RECIPES = ("vote", "gold", "eto")
TRAIN, HELD_OUT = "train.jsonl", "held-out.jsonl"
SAMPLED, BEFORE = "train-votes.jsonl", "before.jsonl"
_REFUSED = "not-trained.txt"
console = Console(width=110)
Question = tuple[str, str]
NUMBER, NAME = "Answer with the number only.", "Answer with the name only."
_LISTED = """
France = Paris, Germany = Berlin, Italy = Rome, Spain = Madrid, Portugal = Lisbon,
Ireland = Dublin, Norway = Oslo, Sweden = Stockholm, Finland = Helsinki, Denmark = Copenhagen,
Iceland = Reykjavik, Austria = Vienna, Hungary = Budapest, Poland = Warsaw, Greece = Athens,
Bulgaria = Sofia, Romania = Bucharest, Serbia = Belgrade, Croatia = Zagreb, Slovenia = Ljubljana,
Slovakia = Bratislava, Belgium = Brussels, Netherlands = Amsterdam, Estonia = Tallinn,
Latvia = Riga, Lithuania = Vilnius, Belarus = Minsk, Russia = Moscow, Ukraine = Kyiv,
Switzerland = Bern, Albania = Tirana, Malta = Valletta, Cyprus = Nicosia, Turkey = Ankara,
Egypt = Cairo, Libya = Tripoli, Tunisia = Tunis, Algeria = Algiers, Morocco = Rabat,
Sudan = Khartoum, Ethiopia = Addis Ababa, Kenya = Nairobi, Uganda = Kampala, Rwanda = Kigali,
Somalia = Mogadishu, Ghana = Accra, Nigeria = Abuja, Senegal = Dakar, Mali = Bamako,
Angola = Luanda, Zambia = Lusaka, Zimbabwe = Harare, Mozambique = Maputo, Namibia = Windhoek,
Botswana = Gaborone, Madagascar = Antananarivo, Liberia = Monrovia, Niger = Niamey,
Japan = Tokyo, China = Beijing, India = New Delhi, Pakistan = Islamabad, Nepal = Kathmandu,
Bangladesh = Dhaka, Thailand = Bangkok, Vietnam = Hanoi, Laos = Vientiane, Cambodia = Phnom Penh,
Indonesia = Jakarta, Malaysia = Kuala Lumpur, Philippines = Manila, Mongolia = Ulaanbaatar,
South Korea = Seoul, North Korea = Pyongyang, Taiwan = Taipei, Iran = Tehran, Iraq = Baghdad,
Syria = Damascus, Lebanon = Beirut, Jordan = Amman, Saudi Arabia = Riyadh, Oman = Muscat,
Yemen = Sanaa, Qatar = Doha, Afghanistan = Kabul, Uzbekistan = Tashkent, Georgia = Tbilisi,
Armenia = Yerevan, Azerbaijan = Baku, Canada = Ottawa, Mexico = Mexico City, Cuba = Havana,
Jamaica = Kingston, Haiti = Port-au-Prince, Nicaragua = Managua, Honduras = Tegucigalpa,
Panama = Panama City, Costa Rica = San Jose, Colombia = Bogota, Venezuela = Caracas,
Ecuador = Quito, Peru = Lima, Bolivia = La Paz, Chile = Santiago, Argentina = Buenos Aires,
Uruguay = Montevideo, Paraguay = Asuncion, Brazil = Brasilia, Australia = Canberra,
New Zealand = Wellington, Fiji = Suva
"""
CAPITALS: dict[str, str] = {}
for _pair in _LISTED.replace("\n", " ").strip().split(", "):
    _country, _, _city = _pair.partition(" = ")
    CAPITALS[_country] = _city


NAMES = ["Ann", "Bob", "Eva", "Jim", "Lea", "Max", "Sue", "Tom"]
THINGS = [
    "atom",
    "virus",
    "flea",
    "ant",
    "bee",
    "grape",
    "egg",
    "apple",
    "melon",
    "cat",
    "dog",
    "bicycle",
    "cow",
    "car",
    "elephant",
    "bus",
    "house",
    "church",
    "castle",
    "village",
    "city",
    "country",
    "continent",
    "planet",
    "star",
    "galaxy",
]


def ages(draw: random.Random) -> Question:
    name, age = draw.choice(NAMES), draw.randint(5, 90)
    return f"{name} is {age} years old. How old is {name}? {NUMBER}", str(age)


def copied(draw: random.Random) -> Question:
    value = draw.randint(100, 999)
    return f"Repeat this number: {value}. {NUMBER}", str(value)


def comparisons(draw: random.Random) -> Question:
    first, second = draw.sample(range(len(THINGS)), 2)
    text = f"Which is larger, {_a(THINGS[first])} or {_a(THINGS[second])}?"
    return f"{text} Answer with one word.", THINGS[max(first, second)]


def capitals(draw: random.Random) -> Question:
    country = draw.choice(sorted(CAPITALS))
    return f"What is the capital of {country}? {NAME}", CAPITALS[country]


def stories(draw: random.Random) -> Question:
    had, gone, bags = draw.randint(11, 20), draw.randint(2, 9), draw.randint(2, 9)
    text = f"Ann has {had} apples, gives away {gone}, and then buys {bags} bags of {gone} apples."
    return f"{text} How many apples has she now? {NUMBER}", str(had - gone + bags * gone)


def _a(word: str) -> str:
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"


FAMILIES: Mapping[str, Callable[[random.Random], Question]] = {
    "ages": ages,
    "copying": copied,
    "two-step stories": stories,
    "comparisons": comparisons,
    "capitals": capitals,
}


def write_questions(family: str, folder: Path, train: int, held_out: int) -> None:
    """Write the files of training questions and of held-out ones; none is in both.

    A family that has not so many is divided in the same proportion.
    """
    draw, wanted = random.Random(family), train + held_out
    made: dict[str, str] = {}
    for _ in range(50 * wanted):
        text, value = FAMILIES[family](draw)
        made.setdefault(text, value)
        if len(made) == wanted:
            break
    train = train * len(made) // wanted
    rows = [
        {"id": f"{family} {n}", "question": text, "answer": value}
        for n, (text, value) in enumerate(made.items())
    ]
    folder.mkdir(parents=True, exist_ok=True)
    for name, part in ((TRAIN, rows[:train]), (HELD_OUT, rows[train:])):
        (folder / name).write_bytes(b"".join(encoded(row) for row in part))


def known(
    base: Path, questions: Path, votes: Path, how: Sampling, runs: Path | None = None
) -> None:
    """Ask the untrained model, as far as it has not been asked."""
    sample(f"{PREFIX}{base}", read_rows(questions), votes, how, runs=runs)


def train(recipe: str, folder: Path, how: Sampling, training: Training) -> None:
    """Train a recipe of a family and measure it; what cannot be trained leaves a note why."""
    out = folder / recipe
    if (out / "result.json").exists() or (out / _REFUSED).exists():
        return
    (out / "before").mkdir(parents=True, exist_ok=True)
    shutil.copy(folder / BEFORE, out / "before" / "votes.jsonl")
    first = out / "stage-1"
    if recipe == "eto" and (folder / "gold" / "result.json").exists() and not first.exists():
        _take_over(folder / "gold", first)
    plan = Plan(
        [folder / "runs"],
        "trl",
        limits=Limits(dedupe=True),
        gold=None if recipe == "vote" else folder / TRAIN,
        ngram=_WHOLE,
    )
    try:
        tune(Job(recipe_of(recipe), plan, training, folder / HELD_OUT, how), out)
    except ManymindsError as error:
        (out / _REFUSED).write_text(f"{error}\n", "utf-8")
    for left in (out, first):  # large, and needed no more
        shutil.rmtree(left / "checkpoints", ignore_errors=True)


def _take_over(gold: Path, stage: Path) -> None:
    """Begin `eto` with the model of `gold`, whose rows and training are the same."""
    draft = stage.with_name(f"{stage.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    for name in ("adapter", "merged"):
        (draft / name).symlink_to((gold / name).resolve())
    shutil.copy(gold / "losses.json", draft)
    draft.rename(stage)


def percent(share: float, ends: Sequence[float]) -> str:
    return f"{share:.0%} [{ends[0]:.0%}, {ends[1]:.0%}]"


def row(name: str, rows: str, found: Measured) -> tuple[str, ...]:
    return (
        name,
        rows,
        f"{found.read:.0%}",
        percent(found.single, found.single_interval),
        percent(found.vote, found.vote_interval),
        f"{found.sure_right} of {found.sure}",
    )


def work(family: str, given: argparse.Namespace) -> None:
    """Do what is left of a family."""
    folder, base = given.folder / slug(family), given.folder / "base"
    write_folder(MODEL, base)
    write_questions(family, folder, given.train, given.held_out)
    how = sampling(given)
    known(base, folder / TRAIN, folder / SAMPLED, how, folder / "runs")
    known(base, folder / HELD_OUT, folder / BEFORE, how)
    training = Training(
        str(base), epochs=given.epochs, batch=given.batch, max_tokens=256, seed=given.seed
    )
    for recipe in given.recipes.split(","):
        train(recipe, folder, how, training)
        console.print(f"{family}, {recipe}: done")


def report(family: str, given: argparse.Namespace) -> dict[str, list[list[float]]]:
    """Print what is there of a family, and return the losses by recipe."""
    folder = given.folder / slug(family)
    first = of_votes(folder / TRAIN, folder / SAMPLED, given.samples)
    before = of_votes(folder / HELD_OUT, folder / BEFORE, given.samples)
    title = f"{family}: {first.questions} questions to train, {before.questions} held out"
    table = Table("model", "rows", "read", "one reply", f"vote of {given.samples}", "sure, right",
                  title=title)  # fmt: skip
    table.add_row(*row("before, to train", "", first))
    table.add_row(*row("before", "", before))
    losses: dict[str, list[list[float]]] = {}
    for recipe in given.recipes.split(","):
        out = folder / recipe
        if (out / "result.json").exists():
            done = json.loads((out / "result.json").read_text("utf-8"))
            after = Measured(**done["after"])
            table.add_row(*row(recipe, ", ".join(map(str, done["rows"])), after))
            losses[recipe] = [[loss for _, loss in stage] for stage in done["losses"]]
            for warned in done["warnings"]:
                console.print(f"{family}, {recipe}: {warned}")
        elif (out / _REFUSED).exists():
            why = (out / _REFUSED).read_text("utf-8").strip()
            console.print(f"{family}, {recipe}: not trained: {why}")
    console.print(table)
    return losses


def sampling(given: argparse.Namespace) -> Sampling:
    return Sampling(given.samples, given.tokens, given.seed, given.threads)


def of_votes(questions: Path, votes: Path, samples: int) -> Measured:
    rows = read_rows(questions)
    return measured(votes, rows, grader(rows, questions), samples)


def slug(family: str) -> str:
    return family.replace(" ", "-")


def draw(losses: Mapping[str, Mapping[str, list[list[float]]]], path: Path) -> None:
    """Draw the losses: a panel for each family, a line for each recipe."""
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        console.print(
            "no picture of the losses: it needs matplotlib, which the extra `eval` brings"
        )
        return
    figure = Figure(figsize=(9, 3), layout="constrained")
    axes = figure.subplots(1, len(losses), squeeze=False)[0]
    for panel, (family, lines) in zip(axes, losses.items(), strict=True):
        for recipe, stages in lines.items():
            for stage, values in enumerate(stages):
                label = recipe if len(stages) == 1 else f"{recipe}, {('SFT', 'DPO')[stage]}"
                panel.plot(range(1, len(values) + 1), values, label=label)
        panel.set(title=family, xlabel="step", ylabel="loss")
        panel.legend()
    figure.savefig(path, metadata={"Date": None})


def main() -> int:
    parser = argparse.ArgumentParser(description="SmolLM2-135M, trained live.")
    parser.add_argument("--folder", type=Path, default=Path("tune-runs"), help="keeps everything")
    parser.add_argument("--train", type=int, default=300, help="training questions of a family")
    parser.add_argument("--held-out", type=int, default=300, help="questions to measure on")
    parser.add_argument("--samples", type=int, default=8, help="replies to a question")
    parser.add_argument("--tokens", type=int, default=24, help="tokens of a reply at most")
    parser.add_argument("--epochs", type=float, default=2.0)
    parser.add_argument("--batch", type=int, default=16, help="rows of a step")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--report", action="store_true", help="print what is there, ask nothing")
    parser.add_argument("--families", default="ages,copying,two-step stories")
    parser.add_argument("--recipes", default=",".join(RECIPES))
    given = parser.parse_args()
    try:
        check_packages(NEEDED)
    except InputError as error:
        console.print(f"skipped: {error}")
        return 0
    if find(KNOWN[MODEL]) is None:
        console.print(f"skipped: needs `manyminds models get {MODEL}`")
        return 0
    families = [one for one in given.families.split(",") if one]
    if not given.report:
        import_module("torch").set_num_threads(given.threads)
        for family in families:
            work(family, given)
    losses = {family: report(family, given) for family in families}
    draw(losses, given.folder / "tune.svg")
    return 0


if __name__ == "__main__":
    sys.exit(main())
