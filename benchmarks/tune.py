"""Closes the loop on a real model: does training on its own sure votes make it better?

LIVE: SmolLM2-135M is sampled, trained with LoRA and sampled again as the script runs. For each of
four families of generated questions:

1. The training questions are answered eight times each, with records; that measures one reply.
2. Rows are exported and trained: `vote` (replies of votes with 60 % of the replies behind them; no
   reference answer), `gold` (right replies), `eto` (right replies, then DPO on pairs with the
   trained model's own failures).
3. Other questions of the family measure the model before and after: one reply, a vote of eight, and
   how often a sure vote was right.

"More Agents Is All You Need" (arXiv 2402.05120) ties what a vote gains to the chance of one reply:
the prediction is that training on votes helps where one reply is right often enough, and that there
is little to train on where it is not.

Everything is kept in a folder, and the same command goes on where it stopped: about an hour on two
quiet cores with the default sizes and `--recipes vote`, several hours with all recipes. Prints a
table and draws the losses into `tune.svg` in that folder. Needs the extras `local` and `tune`, and
`manyminds models get smollm2`; without them it says so and exits 0.
"""

import argparse
import random
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from manyminds.errors import InputError, ManymindsError
from manyminds.evals.data import read_rows
from manyminds.evals.grading import grader
from manyminds.export.measure import Measured, Sampling, measured, sample
from manyminds.export.plan import Plan
from manyminds.export.training import NEEDED, Training, check_packages
from manyminds.export.tuning import Job, Tuned, recipe_of, tune
from manyminds.json_lines import encoded
from manyminds.models.local import available

MODEL = "smollm2"
MEMBER = f"local:{MODEL}"
RECIPES = ("vote", "gold", "eto")
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


def copied(draw: random.Random) -> Question:
    value = draw.randint(100, 999)
    return f"Repeat this number: {value}. {NUMBER}", str(value)


def capitals(draw: random.Random) -> Question:
    country = draw.choice(sorted(CAPITALS))
    return f"What is the capital of {country}? {NAME}", CAPITALS[country]


def sums(draw: random.Random) -> Question:
    first, second = draw.randint(1, 12), draw.randint(1, 19)
    return f"What is {first} + {second}? {NUMBER}", str(first + second)


def stories(draw: random.Random) -> Question:
    had, gone, bags = draw.randint(11, 20), draw.randint(2, 9), draw.randint(2, 9)
    text = f"Ann has {had} apples, gives away {gone}, and then buys {bags} bags of {gone} apples."
    return f"{text} How many apples has she now? {NUMBER}", str(had - gone + bags * gone)


FAMILIES: Mapping[str, Callable[[random.Random], Question]] = {
    "capitals": capitals,
    "copying": copied,
    "small sums": sums,
    "two-step stories": stories,
}


def write_questions(family: str, folder: Path, train: int, held_out: int) -> tuple[Path, Path]:
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
    files = folder / "train.jsonl", folder / "held-out.jsonl"
    folder.mkdir(parents=True, exist_ok=True)
    for file, part in zip(files, (rows[:train], rows[train:]), strict=True):
        file.write_bytes(b"".join(encoded(row) for row in part))
    return files


def known(questions: Path, votes: Path, how: Sampling, runs: Path | None = None) -> Measured:
    """Ask the untrained model, as far as it has not been asked, and measure."""
    rows = read_rows(questions)
    sample(MEMBER, rows, votes, how, runs=runs)
    return measured(votes, rows, grader(rows, questions), how.samples)


def trained(
    recipe: str, folder: Path, files: tuple[Path, Path], how: Sampling, training: Training
) -> Tuned | str:
    """Train a recipe of a family; a text says why it cannot be trained."""
    out = folder / recipe
    (out / "before").mkdir(parents=True, exist_ok=True)
    shutil.copy(folder / "before.jsonl", out / "before" / "votes.jsonl")
    plan = Plan([folder / "runs"], "trl", gold=None if recipe == "vote" else files[0])
    job = Job(recipe_of(recipe), plan, training, files[1], how)
    try:
        tuned = tune(job, out)
    except ManymindsError as error:
        return str(error)
    for left in (out, out / "stage-1"):  # half a gigabyte each, and needed no more
        shutil.rmtree(left / "checkpoints", ignore_errors=True)
    return tuned


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


def report(family: str, folder: Path, given: argparse.Namespace) -> dict[str, list[list[float]]]:
    """Do what is left of a family, print its table, and return the losses by recipe."""
    how = Sampling(given.samples, given.tokens, given.seed, given.threads)
    files = write_questions(family, folder, given.train, given.held_out)
    first = known(files[0], folder / "train-votes.jsonl", how, folder / "runs")
    console.print(f"{family}: one reply to a training question is right {first.single:.0%}, ",
                  f"a sure vote {first.sure_right} of {first.sure}", sep="")  # fmt: skip
    before = known(files[1], folder / "before.jsonl", how)
    table = Table("model", "rows", "read", "one reply", f"vote of {how.samples}", "sure and right",
                  title=f"{family}, {before.questions} held-out questions")  # fmt: skip
    table.add_row(*row("before", "", before))
    losses: dict[str, list[list[float]]] = {}
    training = Training(MODEL, epochs=given.epochs, max_tokens=256, seed=given.seed)
    for recipe in given.recipes.split(","):
        done = trained(recipe, folder, files, how, training)
        if isinstance(done, str):
            table.add_row(recipe, done)
            continue
        rows = ", ".join(str(counts.rows) for _, counts in done.rows)
        assert done.after is not None
        table.add_row(*row(recipe, rows, done.after))
        losses[recipe] = [[loss for _, loss in stage] for stage in done.losses]
        for warned in done.warnings:
            console.print(f"{family}, {recipe}: {warned}")
    console.print(table)
    return losses


def draw(losses: Mapping[str, Mapping[str, list[list[float]]]], path: Path) -> None:
    """Draw the losses: a panel for each family, a line for each recipe."""
    from matplotlib.figure import Figure

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
    parser.add_argument("--tokens", type=int, default=64, help="tokens of a reply at most")
    parser.add_argument("--epochs", type=float, default=2.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, help="of llama.cpp; 1 on a busy machine")
    parser.add_argument("--families", default=",".join(FAMILIES))
    parser.add_argument("--recipes", default=",".join(RECIPES))
    given = parser.parse_args()
    try:
        check_packages(NEEDED)
    except InputError as error:
        console.print(f"skipped: {error}")
        return 0
    if MEMBER not in available():
        console.print(f"skipped: needs manyminds[local] and `manyminds models get {MODEL}`")
        return 0
    losses = {
        family: report(family, given.folder / family.replace(" ", "-"), given)
        for family in given.families.split(",")
    }
    draw(losses, given.folder / "tune.svg")
    return 0


if __name__ == "__main__":
    sys.exit(main())
