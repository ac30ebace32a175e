"""Photographs described at the command line: `python -m helpers caption`.

The network and its training are what lesson 05 teaches; here they get a folder of photographs.
"""

from pathlib import Path

from helpers import assets, files, images
from helpers.captions import caption_files, captioning, scores
from helpers.captions.speaker import Speaker
from helpers.vision import backbones


def describe(pictures, lesson, model=None) -> int:
    """Print a sentence for each picture; return 1 if one of them can't be read.

    model: a file that `train` wrote; without it the shipped captioner speaks.
    """
    file = model or assets.path("captioner-photos")
    speaker = Speaker(*captioning.load(file, lesson.build_photo_captioner))
    backbone, failed = backbones.load("efficientnet_lite0", top=False), 0
    for picture in pictures:
        try:
            grid = captioning.photo_grids(backbone, [images.read(picture)], mirrored=True)
        except images.ImageError as error:
            print(error)
            failed = 1
        else:
            print(f"{picture}: {speaker.describe(grid, width=3)[0]}")
    return failed


def train(folder, build, teach, epochs: int = 5) -> Path:
    """Train a captioner on a folder of photographs with captions; return its file.

    build, teach: lesson 05's `build_photo_captioner` and `train_on_photos`. The file and its card
    stand in the folder's folder "captioner", as do the grids of all photographs: a run that was
    interrupted goes on from those.
    """
    folder = Path(folder).expanduser()
    parts = caption_files.split(caption_files.read(folder), folder)
    backbone, out = backbones.load("efficientnet_lite0", top=False), folder / "captioner"
    grids = {
        part: captioning.photo_grids(backbone, [one.path for one in some], out, part == "test")
        for part, some in parts.items()
    }
    said = [sentence for photo in parts["train"] for sentence in photo.sentences]
    known = captioning.Vocabulary.of(said, at_least=5, longest=16)
    network = build(known, grids["train"].shape[1:])
    data = [captioning.pairs_of(grids[part], parts[part], known) for part in ("train", "dev")]
    losses = teach(network, *data, epochs)["val_loss"]
    captioning.save(out / "captioner.npz", network, known)
    figures = scores.of_photos(Speaker(network, known), grids["test"], parts["test"])
    card = (
        Path(__file__)
        .with_name("card.md")
        .read_text("utf-8")
        .format(
            folder=folder.name,
            weights=network.count_params(),
            words=len(known.words),
            longest=known.length - 2,
            losses=", ".join(f"{value:.2f}" for value in losses),
            rows="\n".join(f"| {name} | {value:.4g} |" for name, value in figures.items()),
            **{part: len(photos) for part, photos in parts.items()},
        )
    )
    files.write(out / "captioner.md", card)
    print(card)
    return out / "captioner.npz"
