"""Any Stable Diffusion model by name: what is said before anything is fetched, what is refused, and the whole way
offline on a tiny one with weights of chance."""

import io
import json
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from core.models.hub import UnknownModelError
from core.topics.diffusion import stable, stable_view
from core.topics.diffusion.latent import noise_of
from core.topics.diffusion.noising import kept
from core.topics.diffusion.stable_view import EVERYTHING, Wish, made_view, own_words, paint, scaled

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore:Using `httpx`")
WORDS = "a pear"


def tokenizer(folder: Path):
    """Letters alone, as CLIP's tokenizer knows them."""
    from transformers import CLIPTokenizer

    letters = [*"abcdefghijklmnopqrstuvwxyz"]
    words = [*letters, *(f"{each}</w>" for each in letters), "ab", "<|startoftext|>", "<|endoftext|>"]
    folder.mkdir()
    (folder / "vocab.json").write_text(json.dumps({word: place for place, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\na b\n")
    return CLIPTokenizer.from_pretrained(folder, model_max_length=8)


@pytest.fixture(scope="module", params=["epsilon", "v_prediction"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pipeline with weights of chance, saved as its makers would."""
    from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel

    place = tmp_path_factory.mktemp("models") / f"tiny-{request.param}"
    torch.manual_seed(0)
    parts = {
        "unet": UNet2DConditionModel(
            sample_size=8, block_out_channels=(16, 16), layers_per_block=1, cross_attention_dim=16, norm_num_groups=4,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), attention_head_dim=2,
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        ),
        "vae": AutoencoderKL(
            block_out_channels=(8, 8), norm_num_groups=4, latent_channels=4,
            down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
        ),
        "text_encoder": CLIPTextModel(CLIPTextConfig(
            vocab_size=60, hidden_size=16, intermediate_size=24, num_hidden_layers=1, num_attention_heads=2,
            max_position_embeddings=8, bos_token_id=53, eos_token_id=54, pad_token_id=54,
        )),
        "tokenizer": tokenizer(tmp_path_factory.mktemp("tokens") / "tokenizer"),
        "scheduler": DDIMScheduler(
            beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False,
            timestep_spacing="trailing", prediction_type=request.param,
        ),
    }  # fmt: skip
    pipeline = StableDiffusionPipeline(
        **parts, safety_checker=None, feature_extractor=None, requires_safety_checker=False
    )
    pipeline.save_pretrained(place)
    (place / "README.md").write_text("---\nlicense: creativeml-openrail-m\n---\n")
    return place


def through(steps):
    """What a job yields, then what it returns."""
    result = yield from steps
    yield result


def made(folder: Path, wish: Wish):
    """What is painted."""
    return list(through(paint(str(folder), wish)))[-1]


def test_a_folder_s_model_paints_as_its_own_pipeline_does(folder, seed):
    """Ours walks; in single precision the picture is that of diffusers' own pipeline and scheduler."""
    known = stable.offer(str(folder))
    assert (
        known.folder == folder and "creativeml-openrail-m" in known.sentence and "is on this machine" in known.sentence
    )
    stable.opened.cache_clear()
    model = stable.opened(folder, known.name, torch.float32)
    start = noise_of(seed, 1, model.room)
    for guidance in (1.0, 3.0):
        walk = Wish(WORDS, guidance, "DDIM", 4, seed).walk(model, model.room, model.side)
        *_, codes = walk.stations(model.noise(WORDS, guidance), start, model.shares)
        model.pipeline.set_progress_bar_config(disable=True)
        theirs = model.pipeline(WORDS, guidance_scale=guidance, num_inference_steps=4, latents=start, output_type="np")
        assert np.abs(model.decoded(codes)[0] / 255 - theirs.images[0]).max() < 0.01
    stable.opened.cache_clear()


def test_the_whole_way_from_words_and_from_a_picture(folder, seed):
    square = np.zeros((30, 20, 3), np.uint8)
    square[10:] = (200, 40, 40)
    file = io.BytesIO()
    Image.fromarray(square).save(file, "PNG")
    steps = list(through(paint(str(folder), Wish(WORDS, 2.0, "DDIM", 4, seed))))
    assert all(0 <= step[0] <= 1 and isinstance(step[1], str) for step in steps[:-1]) and len(steps) > 6
    side = steps[-1].frames[0].shape[0]
    assert len(steps[-1].frames) == 5 and "Painted live by tiny" in steps[-1].provenance
    assert made_view(steps[-1]).pictures[0][0].alt and stable_view.files(steps[-1])[0][2][:4] == b"\x89PNG"
    again, half = made(folder, Wish(WORDS, 2.0, "DDIM", 4, seed)), made(folder, Wish(WORDS, 2.0, "Heun", 2, seed, True))
    assert np.array_equal(again.frames[-1], steps[-1].frames[-1]) and half.frames[0].shape[0] == side // 2
    model = stable.opened(folder, folder.name)
    original = model.encoded(stable_view.squared(file.getvalue(), side))
    short = made(folder, Wish(WORDS, 1.0, "DDIM", 5, seed, picture=file.getvalue(), strength=0.2))
    assert len(short.labels) == 2
    painted = made(folder, Wish(WORDS, 1.0, "DDPM", 4, seed, picture=file.getvalue(), part="top half"))
    rows = painted.codes.shape[2] // 2
    assert torch.allclose(painted.codes[:, :, rows:], original[:, :, rows:], atol=1e-5)
    assert not torch.allclose(painted.codes[:, :, :rows], original[:, :, :rows], atol=1e-2)
    with pytest.raises(ValueError, match=r"picture|PNG"):
        made(folder, Wish(WORDS, 1.0, "DDIM", 2, seed, picture=b"no picture", strength=0.5))


def test_half_precision_paints_nearly_the_same(folder, seed):
    frames = []
    for dtype in (torch.float32, torch.bfloat16):
        stable.opened.cache_clear()
        model = stable.opened(folder, folder.name, dtype)
        walk = Wish(WORDS, 2.0, "DDIM", 4, seed).walk(model, model.room, model.side)
        *_, codes = walk.stations(model.noise(WORDS, 2.0), noise_of(seed, 1, model.room), model.shares)
        frames.append(model.decoded(codes)[0].astype(float))
    stable.opened.cache_clear()
    assert np.abs(frames[0] - frames[1]).mean() < 4


@pytest.mark.parametrize("name", ["../../etc", "gpt", "owner/name/more", "<script>/x", "🙂/🙂", "a" * 300 + "/b"])
def test_a_name_that_is_none_gets_one_sentence(name):
    with pytest.raises(UnknownModelError, match=r"owner/name"):
        stable.offer(name)


def test_nothing_is_fetched_unless_it_is_allowed(monkeypatch):
    for name in stable.EXAMPLES:
        assert "its size and licence are on" in stable.offer(name).sentence
        with pytest.raises(UnknownModelError, match="Allow the download"):
            list(stable.prepared(name))

    def ask(_):
        return 12.0, "mit", ["unet/diffusion_pytorch_model.safetensors"]

    assert "12 MB; licence: mit" in stable.looked_up("owner/model", ask).sentence
    with pytest.raises(UnknownModelError, match="up to 8,000 are fetched"):
        list(stable.prepared("owner/model", True, lambda _: (90_000.0, "mit", [])))
    asked = {}
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda name, **more: asked.update(more) or "/nowhere")
    with pytest.raises(UnknownModelError, match="cannot be read"):
        list(stable.prepared("owner/model", True, ask))
    assert "unet/diffusion_pytorch_model.safetensors" in asked["allow_patterns"]
    assert not any(
        pattern.endswith((".py", ".bin", ".ckpt", "*", ".safetensors*")) for pattern in asked["allow_patterns"]
    )


def test_the_weights_that_are_needed_are_those_in_half_precision_where_all_parts_have_them():
    both = ["unet/a.safetensors", "unet/a.fp16.safetensors", "vae/b.safetensors", "vae/b.fp16.safetensors"]
    others = ["v1-5.safetensors", "unet/a.non_ema.safetensors", "unet/a.bin", "unet/deep/a.safetensors"]
    assert stable.selected([*both, *others]) == both[1::2]
    assert stable.selected([*both[:3], *others]) == both[::2]


def test_code_damage_and_other_pipelines_are_refused(folder, tmp_path):
    wrong = tmp_path / "wrong"
    shutil.copytree(folder, wrong)
    index = json.loads((wrong / stable.INDEX).read_text())
    for change, words in (
        ({"unet": ["evil", "Model"]}, "code of its own"),
        ({"_class_name": "StableDiffusionXLPipeline"}, "another pipeline"),
    ):
        (wrong / stable.INDEX).write_text(json.dumps(index | change))
        with pytest.raises(UnknownModelError, match=words):
            stable.offer(str(wrong))
    (wrong / stable.INDEX).write_text("[")
    with pytest.raises(UnknownModelError, match="cannot be read"):
        stable.offer(str(wrong))
    (wrong / stable.INDEX).write_text(json.dumps(index))
    weights = next((wrong / "unet").glob("*.safetensors"))
    weights.write_bytes(b"not weights")
    stable.opened.cache_clear()
    with pytest.raises(UnknownModelError, match="damaged"):
        stable.opened(wrong, "wrong")
    for path in wrong.glob("*/*.safetensors"):
        path.rename(path.with_suffix(".bin"))
    with pytest.raises(UnknownModelError, match="lacks weights"):
        stable.offer(str(wrong))


def test_stable_diffusion_s_schedule_is_diffusers_and_never_ends_in_pure_noise():
    from diffusers import DDIMScheduler

    theirs = DDIMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear").alphas_cumprod
    assert torch.allclose(scaled(), theirs, atol=1e-6)
    assert 0.004 < scaled()[-1] < 0.005 and kept()[-1] < 1e-4
    assert scaled()[50] < kept()[50] and scaled()[500] > kept()[500]
    assert abs(scaled()[stable_view.half_left().truth].item() - 0.5) < 0.002


def test_the_challenge_wants_own_words_and_few_steps():
    assert not own_words(None).passed
    wish = Wish("a red boat", 2.0, "DDIM", 10, 0, part=EVERYTHING)
    source = stable_view.Measured((0,), 1.0)
    frame = np.zeros((8, 8, 3), np.uint8)
    assert own_words(stable_view.Made("tiny", wish, (frame,), ("step 0",), noise_of(0, 1), source)).passed
    same = Wish(stable_view.PROMPT.value, 2.0, "DDIM", 10, 0)
    assert not own_words(stable_view.Made("tiny", same, (frame,), ("step 0",), noise_of(0, 1), source)).passed


def test_the_page_paints_with_a_model_by_its_folder(folder):
    from pages_under_test import opened, watched

    from core.lessons import curriculum

    topic = next(topic for topic in curriculum.topics() if topic.slug == "diffusion")
    values = {"view": "Stable Diffusion", "stable_diffusion_model": str(folder), "sampling_steps": 4}
    with watched() as shown:
        app = opened(topic, {f"{topic.key}.{name}": value for name, value in values.items()})
        assert not app.exception and any("is on this machine" in text.value for text in app.markdown)
        next(button for button in app.button if button.label == "Paint").click().run()
        until = time.monotonic() + 60
        while time.monotonic() < until and not any("Painted live" in source for _, source in shown.pictures):
            time.sleep(0.1)
            app.run()
    assert any("Painted live by tiny" in source for _, source in shown.pictures) and not app.exception
    assert "from_pretrained" in shown.programs[-1].text
