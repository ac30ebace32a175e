"""Any style at once: the networks agree with ONNX's own reference, and take any picture."""

import numpy as np
import pytest
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun
from onnx.reference.ops import op_dequantize_linear
from skimage import data

from helpers import assets, images
from helpers.styles import patterns
from helpers.styles.styling import StyleError


class QuantizeLinear(OpRun):
    """Activations are not rounded to 8 bits on the way: we compute in floats."""

    def _run(self, x, *_, **__):
        return (x,)


class DequantizeLinear(op_dequantize_linear.DequantizeLinear_25):
    def _run(self, x, *rest, **settings):
        return (x,) if x.dtype == np.float32 else super()._run(x, *rest, **settings)


def test_both_networks_agree_with_their_files(magenta):
    reader, painter = (
        ReferenceEvaluator(str(assets.path(name)), new_ops=[QuantizeLinear, DequantizeLinear])
        for name in ("style-predict", "style-transform")
    )
    picture = images.read(data.coffee(), (256, 256))
    style = reader.run(None, dict.fromkeys(reader.input_names, images.as_floats(picture)[None]))[0]
    np.testing.assert_allclose(magenta.style(picture), style.ravel(), atol=1e-4)
    photograph = images.as_floats(images.read(data.chelsea(), (32, 40)))[None]
    given = {name: photograph if "content" in name else style for name in painter.input_names}
    assert len(given) == 2
    painted = magenta.painter([photograph, style.reshape(1, 100)])
    np.testing.assert_allclose(painted, painter.run(None, given)[0], atol=1e-4)


def test_the_style_takes_over_and_the_photograph_stays_recognisable(magenta):
    photograph = images.read(data.chelsea(), 128)
    blue, red = (
        magenta.paint(photograph, magenta.style(waves))
        for waves in (patterns.waves(), patterns.waves()[..., ::-1])
    )
    assert blue.shape == photograph.shape and blue.dtype == np.uint8
    warmth = [(one[..., 0].mean() - one[..., 2].mean()) for one in (red, blue)]
    assert warmth[0] - warmth[1] > 60
    assert np.corrcoef(photograph.mean(2).ravel(), blue.mean(2).ravel())[0, 1] > 0.4


def test_pictures_of_any_kind_and_a_style_of_another_shape(magenta):
    alpha = np.dstack([data.coffee()[:33, :34], np.zeros((33, 34), np.uint8)])
    for picture, shape in [
        (np.full((1, 1, 3), 9, np.uint8), (1, 1)),
        (data.camera()[:51, :67], (49, 64)),
        (alpha, (33, 34)),
        (np.zeros((3000, 1500, 3), np.uint8), (64, 32)),
    ]:
        assert magenta.paint(picture, magenta.style(picture), size=64).shape == (*shape, 3)
    with pytest.raises(StyleError, match="row of 100 numbers"):
        magenta.paint(data.coffee(), np.zeros((1, 100)))
