"""Teach one network to paint in several styles, on an accelerator: how `painters.npz` was made.

    python -m tools.teach_painters pack PHOTOGRAPHS… FOLDER     where the workshop runs
    python tools/teach_painters.py teach FOLDER OUT.npz --seconds 300     where PyTorch and Keras do

`pack` gathers photographs, paintings and the judge's convolutions; `teach` needs Keras on PyTorch,
NumPy and Pillow. The losses are lesson 08's: Gram matrices of four layers, content at
`block3_conv1`, total variation. Each painting is learnt with several settings (size of the
painting, weight of the content), each as a style of its own; by eye one of them is chosen.
"""

import argparse
import json
import math
import os
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.machinery import SourceFileLoader
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

SETTINGS = ((512, 0.08), (512, 0.2), (384, 0.12))  # pixels of the painting's longer side, content
LAYERS = ("block1_conv1", "block2_conv1", "block3_conv1", "block4_conv1")
CONTENT, VARIATION = "block3_conv1", 0.02
PIECE = 256  # pixels


def gather(sources, folder, size, quality=70):
    """Write the photographs of several folders as WebP, the longer side up to 1.5 times `size`."""
    from helpers import images

    place = Path(folder) / "photographs"
    place.mkdir(parents=True, exist_ok=True)
    for file in (file for source in sources for file in sorted(Path(source).rglob("*.*"))):
        picture = Image.fromarray(images.read(file))
        picture.thumbnail((size * 3 // 2, size * 3 // 2))
        picture.save(place / f"{file.parent.name}-{file.stem}.webp", quality=quality)


def pack(photographs, folder, size=280):
    """Write what `teach` needs: photographs as WebP, paintings as they are, the judge's weights."""
    from helpers import assets
    from helpers.vision import backbones

    folder = Path(folder)
    gather(photographs, folder, size)
    paintings = assets.path("paintings")
    for file in set(paintings.rglob("*.jpg")) - {paintings / "tubingen.jpg"}:
        (folder / file.name).write_bytes(file.read_bytes())
    part = backbones.load("vgg16", top=False).upto(list(LAYERS))
    np.savez(folder / "judge.npz", *(weights.astype("float16") for weights in part.get_weights()))


def pace(done, rise):
    """Return the share of the learning rate after the share `done`: up for `rise`, then to 0."""
    return min(1, done / rise + 0.02) * (0.5 + 0.5 * math.cos(math.pi * done))


def judge(weights):
    """VGG16's convolutions with average pooling: pictures from 0 to 1 -> maps of `LAYERS`."""
    import keras
    from keras import layers

    x = inputs = keras.Input((None, None, 3))
    outputs, numbers = {}, iter(weights)
    # Blue-green-red from 0 to 255, less ImageNet's mean, as Caffe had it.
    x = keras.ops.flip(x * 255 - keras.ops.array([123.68, 116.779, 103.939]), -1)
    for block, (channels, depth) in enumerate([(64, 2), (128, 2), (256, 3), (512, 1)], 1):
        for place in range(1, depth + 1):
            layer = layers.Conv2D(channels, 3, padding="same", activation="relu")
            x = layer(x)
            layer.set_weights([next(numbers), next(numbers)])
            outputs[f"block{block}_conv{place}"] = x
        x = layers.AveragePooling2D(2)(x)
    model = keras.Model(inputs, [outputs[name] for name in LAYERS])
    model.trainable = False
    return lambda pictures: dict(zip(LAYERS, model(pictures), strict=True))


def gram(maps):
    """(n, height, width, channels) -> (n, channels, channels), in single precision."""
    rows = maps.float().flatten(1, 2)
    return rows.transpose(1, 2) @ rows / rows.shape[1]


def gap(found, wanted):
    """Each picture's squared distance, as a share of the wanted one's square: (n,)."""
    every = tuple(range(1, wanted.ndim))
    return ((found - wanted) ** 2).mean(every) / (wanted**2).mean(every)


def middle(picture, size):
    """The middle square of a picture, `size` pixels wide."""
    return np.asarray(ImageOps.fit(picture.convert("RGB"), (size, size)))


def teach(folder, out, seconds, rate=2e-3, size=280):
    """Train for so long; write the weights as float16, the losses beside them as JSON.

    Each step paints one piece of a photograph in every style.
    """
    os.environ["KERAS_BACKEND"] = "torch"
    import keras
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.benchmark = True
    keras.utils.set_random_seed(0)
    folder, source = Path(folder), Path(__file__).parent.parent / "helpers/styles"
    network_of = SourceFileLoader("network", str(source / "painting_network.py")).load_module()

    keras.config.set_dtype_policy("mixed_bfloat16" if device == "cuda" else "float32")
    file = np.load(folder / "judge.npz")
    see = judge([file[name].astype("float32") for name in file.files])
    paintings = sorted(folder.glob("*.jpg"))
    styles = [(p, *setting) for p in paintings for setting in SETTINGS]
    with torch.no_grad():
        textures = {name: [] for name in LAYERS}
        for painting, side, _ in styles:
            picture = Image.open(painting).convert("RGB")
            picture.thumbnail((side, side))
            seen = see(torch.tensor(np.asarray(picture) / 255.0, device=device).float()[None])
            for name in LAYERS:
                textures[name].append(gram(seen[name])[0])
        textures = {name: torch.stack(all_of) for name, all_of in textures.items()}
    content_weight = torch.tensor([weight for *_, weight in styles], device=device)
    mixtures = torch.eye(len(styles), device=device)

    with ThreadPoolExecutor() as threads:
        files = sorted((folder / "photographs").iterdir())
        photographs = list(threads.map(lambda file: middle(Image.open(file), size), files))
    photographs = torch.tensor(np.stack(photographs), device=device)
    print(len(photographs), "photographs,", len(styles), "styles", flush=True)

    def pieces():
        """Random pieces, half of them mirrored, (n, PIECE, PIECE, 3) from 0 to 1."""
        some = photographs[torch.randint(len(photographs), (len(mixtures),), device=device)]
        top, left = np.random.randint(0, size - PIECE + 1, 2)
        some = some[:, top : top + PIECE, left : left + PIECE]
        turned = torch.rand(len(some), device=device)[:, None, None, None] < 0.5
        return torch.where(turned, some.flip(2), some).float() / 255

    painter = network_of.build(len(styles))
    print(painter.count_params(), "weights", flush=True)
    optimizer = torch.optim.Adam(painter.parameters(), lr=rate, fused=device == "cuda")
    begun, done, step, log = time.time(), 0.0, 0, []
    while done < 1:
        for group in optimizer.param_groups:
            group["lr"] = rate * pace(done, 0.02)
        photograph = pieces()
        painted = painter([photograph, mixtures]).float()
        seen = see(painted)
        with torch.no_grad():
            wanted = see(photograph)[CONTENT].float()
        style = sum(gap(gram(seen[name]), textures[name]) for name in LAYERS) / len(LAYERS)
        content = gap(seen[CONTENT].float(), wanted)
        grain = (painted[:, 1:] - painted[:, :-1]).abs().mean((1, 2, 3))
        grain = grain + (painted[:, :, 1:] - painted[:, :, :-1]).abs().mean((1, 2, 3))
        loss = (style + content_weight * content + VARIATION * grain).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(painter.parameters(), 1.0)
        optimizer.step()
        step += 1
        if step % 100 == 0 or step < 4:
            log.append([step, *([round(x, 4) for x in part.tolist()] for part in (style, content))])
            spent = time.time() - begun
            print(f"{spent:6.1f} s, step {step}: {loss.item():.3f}", flush=True)
        done = (time.time() - begun) / seconds
    names = [f"{painting.stem}, {side} px, content {weight}" for painting, side, weight in styles]
    arrays = {
        f"w{place:02}": variable.value.detach().float().cpu().numpy().astype("float16")
        for place, variable in enumerate(painter.weights)
    }
    np.savez_compressed(out, styles=np.array(names), **arrays)
    record = {"steps": step, "seconds": round(time.time() - begun), "styles": names, "log": log}
    Path(out).with_suffix(".json").write_text(json.dumps(record))


def command(doc, pack, teach, seconds):
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("task", choices=["pack", "teach"])
    parser.add_argument("files", nargs="+")
    parser.add_argument("--seconds", type=float, default=seconds)
    chosen = parser.parse_args()
    if chosen.task == "pack":
        pack(chosen.files[:-1], chosen.files[-1])
    else:
        teach(*chosen.files, chosen.seconds)


if __name__ == "__main__":
    command(__doc__, pack, teach, seconds=300)
