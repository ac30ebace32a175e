"""Real cells: cut out of folders and archives that have the published ones' form."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from helpers.cells import drawn, real
from tools import notebooks

SIDES = ("xmin", "ymin", "xmax", "ymax")


def test_cells_of_smears_are_cut_out_square_at_most_one_of_a_kind_from_each(tmp_path):
    for folder in ("Annotations", "JPEGImages"):
        (tmp_path / folder).mkdir()
    for smear in range(4):
        photo = np.full((120, 160, 3), 230, np.uint8)
        photo[30:70, 10:50] = photo[80:110, 130:160] = (90, 40, 140)
        Image.fromarray(photo).save(tmp_path / "JPEGImages" / f"{smear}.jpg")
        cells = [("WBC", (10, 30, 50, 70)), ("WBC", (10, 30, 50, 70)), ("RBC", (0, 0, 0, 0))]
        cells += [("Platelets", (130, 80, 160, 110))] if smear < 3 else []
        objects = ""
        for name, box in cells:
            ends = "".join(f"<{end}>{x}</{end}>" for end, x in zip(SIDES, box, strict=True))
            objects += f"<object><name>{name}</name><bndbox>{ends}</bndbox></object>"
        (tmp_path / "Annotations" / f"{smear}.xml").write_text(f"<all>{objects}</all>")
    pictures, kinds, smears = real.smears(tmp_path, count=3)
    assert pictures.shape == (9, 96, 96, 3) and np.bincount(kinds).tolist() == [3, 3, 3]
    assert len({*zip(kinds, smears, strict=True)}) == 9
    violet = (pictures[..., 1] < 120).mean(axis=(1, 2))
    assert (violet[kinds != 0] > 0.6).all() and (violet[kinds == 0] < 0.2).all()


@pytest.fixture
def archive(tmp_path):
    """NIH's archive in small: drawn cells of twelve people, eight of them with both kinds."""
    pictures, labels = drawn.draw(96, seed=1, difficulty=0.1)
    with zipfile.ZipFile(tmp_path / "cell_images.zip", "w") as file:
        for number, (picture, sick) in enumerate(zip(pictures, labels, strict=True)):
            folder, person = ("Uninfected", "Parasitized")[sick], number % (8 if sick else 12)
            style = ("P1thinF", "_thinF", "NThinF")[person % 3]
            stream = io.BytesIO()
            Image.fromarray(picture).resize((100 + number, 130)).save(stream, "PNG")
            name = f"cell_images/{folder}/C{person}{style}_IMG_20150619_cell_{number}.png"
            file.writestr(name, stream.getvalue())
        file.writestr("cell_images/Parasitized/Thumbs.db", b"of the system's")
    return tmp_path / "cell_images.zip"


def test_malarias_cells_are_split_by_person_and_judged(archive):
    x, sick, people = real.malaria(archive, count=40)
    assert x.shape == (80, 96, 96, 3) and np.bincount(sick).tolist() == [40, 40]
    assert set(people[sick == 1]) <= set(range(8)) and set(people) == set(range(12))
    assert (real.malaria(archive, count=40)[0] == x).all()

    lesson, trained = notebooks.taught("03"), []

    class Network:
        def predict(self, x, verbose):
            trained.append(x)
            return np.ones((len(x), 1))  # calls everybody sick

    def train_cnn(x, y, seed):
        trained.append(x)
        return Network(), None

    def rates(true, alarms):
        return alarms[true == 1].mean(), 1 - alarms[true == 0].mean()

    vars(lesson).update(train_cnn=train_cnn, rates=rates)
    found = lesson.by_person(x, sick, people)
    assert found["a small CNN"] == (1, 0) and min(found["common features"]) >= 0
    pixels = [picture.tobytes() for picture in x]
    ours, theirs = ({people[pixels.index(p.tobytes())] for p in half} for half in trained)
    assert len(ours) == len(theirs) == 6 and not ours & theirs
