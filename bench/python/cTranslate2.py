"""CTranslate2 for the benchmark of the engine.

    cTranslate2.py convert GGML FOLDER            a ggml Whisper file's weights as CTranslate2 keeps them
    cTranslate2.py run FOLDER LANES THREADS BATCH loads that with 8-bit integers, and answers as src/engine/EngineProcess.ts says

Needs numpy and ctranslate2, which the benchmark puts into an environment of its own.
"""

import concurrent.futures
import json
import os
import struct
import sys
import time

import ctranslate2
import numpy as np

SAMPLE_RATE = 16_000
FFT_SIZE = 400
HOP = 160
SAMPLES_PER_FRAME = 320
FRAMES_PER_SECOND = 50
HEAD_WIDTH = 64
TIMESTAMPS = 1_501
# Whisper's, in the order of their tokens.
LANGUAGES = (
    "en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no th ur hr bg lt la mi ml cy sk te fa lv "
    "bn sr az sl kn et mk br eu is hy ne mn bs kk sq sw gl mr pa si km sn yo so af oc ka be tg sd gu am yi lo uz fo ht ps tk nn mt sa "
    "lb my bo tl mg as tt haw ln ha ba jw su yue"
).split()
# Layers and heads of attention that follow the audio, by vocabulary and decoder layers, as their publisher lists them.
ALIGNMENT_HEADS = {
    (51_864, 4): "1,0 2,0 2,5 3,0 3,1 3,2 3,3 3,4",
    (51_865, 4): "2,2 3,0 3,2 3,3 3,4 3,5",
    (51_864, 6): "3,3 4,7 5,1 5,5 5,7",
    (51_865, 6): "3,1 4,2 4,3 4,7 5,1 5,2 5,4 5,6",
    (51_865, 12): "5,3 5,9 8,0 8,4 8,7 8,8 9,0 9,7 9,9 10,5",
    (51_865, 24): "13,15 15,4 15,15 16,1 20,0 23,4",
    (51_866, 32): "7,0 10,17 12,18 13,12 16,1 17,14 19,11 21,4 24,1 25,6",
    (51_866, 4): "2,4 2,11 3,3 3,6 3,11 3,14",
}


class Vocabulary:
    """Numbers of Whisper's own tokens: they follow the text's, and hang on the number of all."""

    def __init__(self, size):
        self.size = size
        self.multilingual = size >= 51_865
        languages = size - 51_765 - self.multilingual
        self.end = 50_257 if self.multilingual else 50_256
        self.start = self.end + 1
        self.languages = LANGUAGES[:languages]
        self.transcribe = self.start + languages + 2
        self.no_timestamps = self.transcribe + 4

    def names(self):
        times = [f"<|{index * 0.02:.2f}|>" for index in range(TIMESTAMPS)]
        tasks = ["translate", "transcribe", "startoflm", "startofprev", "nospeech", "notimestamps"]
        named = [f"<|{name}|>" for name in ["endoftext", "startoftranscript", *self.languages, *tasks]]
        return [*named, *times]

    def prompt(self, language):
        """What stands before a text, without the token that forbids times."""
        if not self.multilingual:
            return [self.start]
        return [self.start, self.start + 1 + self.languages.index(language), self.transcribe]


# --- conversion -------------------------------------------------------------------------------------------------------


def read_ggml(path):
    """Returns (dimensions, mel filters, tokens as bytes, tensors by name as 16-bit floats)."""
    with open(path, "rb") as file:
        numbers = lambda count: struct.unpack(f"<{count}I", file.read(4 * count))
        (magic,) = numbers(1)
        if magic != 0x67676D6C:
            raise SystemExit(f"{path} is no ggml file")
        keys = ["vocabulary", "frames", "width", "heads", "audio_layers", "text", "text_width", "text_heads", "text_layers"]
        dimensions = dict(zip(keys, numbers(9)))
        numbers(2)
        bands, bins = numbers(2)
        filters = np.frombuffer(file.read(4 * bands * bins), "<f4").reshape(bands, bins)
        (count,) = numbers(1)
        tokens = [file.read(numbers(1)[0]) for _ in range(count)]
        tensors = {}
        while head := file.read(12):
            rank, length, kind = struct.unpack("<3I", head)
            shape = numbers(rank)[::-1]
            name = file.read(length).decode()
            tensors[name] = read_tensor(file, kind, shape)
    return dimensions, filters, tokens, tensors


def read_tensor(file, kind, shape):
    count = int(np.prod(shape))
    if kind in (0, 1):
        values = np.frombuffer(file.read(count * (4, 2)[kind]), ("<f4", "<f2")[kind])
        return values.astype(np.float16).reshape(shape)
    sizes = {6: 22, 7: 24, 8: 34}
    if kind not in sizes:
        raise SystemExit(f"ggml's tensor type {kind} is not read here")
    blocks = np.frombuffer(file.read(count // 32 * sizes[kind]), np.uint8).reshape(-1, sizes[kind])
    half = lambda at: blocks[:, at : at + 2].copy().view("<f2").astype(np.float32)
    if kind == 8:
        values = blocks[:, 2:].copy().view(np.int8) * half(0)
    else:
        high_at = 2 if kind == 6 else 4
        high = blocks[:, high_at : high_at + 4].copy().view("<u4")
        low = blocks[:, high_at + 4 :]
        values = np.concatenate([low & 15, low >> 4], axis=1) | ((high >> np.arange(32, dtype=np.uint32) & 1) << 4)
        values = (values.astype(np.float32) - 16) * half(0) if kind == 6 else values.astype(np.float32) * half(0) + half(2)
    return values.astype(np.float16).reshape(shape)


def characters_of_bytes():
    """GPT-2's: printable bytes stand for themselves, the others for the characters from 256 on."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return {**{byte: chr(byte) for byte in printable}, **{byte: chr(256 + index) for index, byte in enumerate(others)}}


def convert(path, folder):
    from ctranslate2.converters import utils
    from ctranslate2.specs import common_spec
    from ctranslate2.specs.whisper_spec import WhisperConfig, WhisperSpec

    dimensions, filters, tokens, tensors = read_ggml(path)
    vocabulary = Vocabulary(dimensions["vocabulary"])
    spec = WhisperSpec(
        dimensions["audio_layers"], dimensions["heads"], dimensions["text_layers"], dimensions["text_heads"]
    )

    def linear(into, name):
        into.weight = tensors[f"{name}.weight"]
        if f"{name}.bias" in tensors:
            into.bias = tensors[f"{name}.bias"].reshape(-1)

    def norm(into, name):
        into.gamma = tensors[f"{name}.weight"]
        into.beta = tensors[f"{name}.bias"]

    def attention(into, name, itself):
        parts = [common_spec.LinearSpec() for _ in range(3)]
        for part, kind in zip(parts, ("query", "key", "value")):
            linear(part, f"{name}.{kind}")
        if itself:
            utils.fuse_linear(into.linear[0], parts)
        else:
            into.linear[0] = parts[0]
            utils.fuse_linear(into.linear[1], parts[1:])
        linear(into.linear[-1], f"{name}.out")

    for side, into in (("encoder", spec.encoder), ("decoder", spec.decoder)):
        into.position_encodings.encodings = tensors[f"{side}.positional_embedding"]
        norm(into.layer_norm, "encoder.ln_post" if side == "encoder" else "decoder.ln")
        for index, layer in enumerate(into.layer):
            name = f"{side}.blocks.{index}"
            norm(layer.self_attention.layer_norm, f"{name}.attn_ln")
            attention(layer.self_attention, f"{name}.attn", True)
            if side == "decoder":
                norm(layer.attention.layer_norm, f"{name}.cross_attn_ln")
                attention(layer.attention, f"{name}.cross_attn", False)
            norm(layer.ffn.layer_norm, f"{name}.mlp_ln")
            linear(layer.ffn.linear_0, f"{name}.mlp.0")
            linear(layer.ffn.linear_1, f"{name}.mlp.2")
    linear(spec.encoder.conv1, "encoder.conv1")
    linear(spec.encoder.conv2, "encoder.conv2")
    spec.decoder.embeddings.weight = tensors["decoder.token_embedding.weight"]
    spec.decoder.projection.weight = tensors["decoder.token_embedding.weight"]

    characters = characters_of_bytes()
    texts = ["".join(characters[byte] for byte in token) for token in tokens[: vocabulary.end]]
    spec.register_vocabulary([*texts, *vocabulary.names()])
    heads = ALIGNMENT_HEADS.get((vocabulary.size, dimensions["text_layers"]))
    config = dict(suppress_ids=[], suppress_ids_begin=[220, vocabulary.end])
    config["lang_ids"] = [vocabulary.start + 1 + index for index in range(len(vocabulary.languages))]
    if heads is not None:
        config["alignment_heads"] = [tuple(map(int, head.split(","))) for head in heads.split()]
    for key, value in config.items():
        setattr(spec.config, key, value)
    spec.validate()
    spec.optimize(quantization="float16")
    spec.save(folder)
    np.save(os.path.join(folder, "filters.npy"), filters)
    with open(os.path.join(folder, "tokens.json"), "w") as file:
        json.dump({"size": vocabulary.size, "tokens": [token.decode("latin1") for token in tokens[: vocabulary.end]]}, file)


# --- work -------------------------------------------------------------------------------------------------------------


class Clip:
    def __init__(self, frames, language, most_tokens, path):
        self.frames = int(frames)
        self.language = language
        self.most_tokens = int(most_tokens)
        self.samples = np.fromfile(path, np.float32)


class Engine:
    def __init__(self, folder, lanes, threads, batch):
        self.lanes = lanes
        self.batch = batch
        self.filters = np.load(os.path.join(folder, "filters.npy"))
        self.window = np.hanning(FFT_SIZE + 1)[:-1].astype(np.float32)
        with open(os.path.join(folder, "tokens.json")) as file:
            known = json.load(file)
        self.vocabulary = Vocabulary(known["size"])
        self.tokens = [token.encode("latin1") for token in known["tokens"]]
        self.model = ctranslate2.models.Whisper(
            folder, device="cpu", compute_type="int8", inter_threads=lanes, intra_threads=threads
        )

    def mel(self, samples, frames):
        """Whisper's log-mel spectrogram of a window of so many frames, silence behind the audio."""
        whole = np.zeros(frames * SAMPLES_PER_FRAME, np.float32)
        whole[: min(len(samples), len(whole))] = samples[: len(whole)]
        padded = np.pad(whole, FFT_SIZE // 2, mode="reflect")
        stretches = np.lib.stride_tricks.sliding_window_view(padded, FFT_SIZE)[::HOP][: 2 * frames]
        power = np.abs(np.fft.rfft(stretches * self.window)) ** 2
        logarithm = np.log10(np.maximum(self.filters @ power.T.astype(np.float32), 1e-10))
        return (np.maximum(logarithm, logarithm.max() - 8) + 4) / 4

    def hear(self, clips, most_tokens=0, words=False):
        """Recordings of one batch, in a window that is long enough for all. Times in ms."""
        frames = max(clip.frames for clip in clips)
        began = time.perf_counter()
        features = np.ascontiguousarray(np.stack([self.mel(clip.samples, frames) for clip in clips]), np.float32)
        heard = time.perf_counter()
        encoded = self.model.encode(ctranslate2.StorageView.from_array(features))
        encoded_at = time.perf_counter()
        prompts = [self.vocabulary.prompt(clip.language) for clip in clips]
        most = max(most_tokens or clip.most_tokens for clip in clips)
        results = self.model.generate(
            encoded,
            [[*prompt, self.vocabulary.no_timestamps] for prompt in prompts],
            beam_size=1,
            # The decoder makes no more than half of it, nor than the prompt leaves.
            max_length=max(2 * most, len(prompts[0]) + 1 + most),
            suppress_blank=True,
            suppress_tokens=[],
        )
        texts = [[token for token in result.sequences_ids[0] if token < self.vocabulary.end] for result in results]
        if words:
            self.times_of_words(encoded, prompts, texts, clips)
        ended = time.perf_counter()
        said = [b"".join(self.tokens[token] for token in text).decode("utf8", "replace").strip() for text in texts]
        return {
            "melMs": 1e3 * (heard - began),
            "encodeMs": 1e3 * (encoded_at - heard),
            "decodeMs": 1e3 * (ended - encoded_at),
            "totalMs": 1e3 * (ended - began),
            "tokens": sum(len(text) + (len(text) < most) for text in texts),
            "text": said[0],
            "texts": said,
        }

    def times_of_words(self, encoded, prompts, texts, clips):
        """Start of each word in seconds, by CTranslate2's own alignment; for all by the first one's language, which costs the same."""
        if not any(texts):
            return []
        frames = [min(2 * clip.frames, len(clip.samples) // HOP) for clip in clips]
        aligned = self.model.align(encoded, prompts[0], texts, frames, median_filter_width=7)
        return [self.starts_of(text, result) for text, result in zip(texts, aligned) if text]

    def starts_of(self, text, result):
        rows, places = np.array(result.alignments).T
        starts = places[np.pad(np.diff(rows), (1, 0), constant_values=1).astype(bool)] / FRAMES_PER_SECOND
        begins = [index for index, token in enumerate(text) if index == 0 or self.tokens[token].startswith(b" ")]
        return [float(starts[index]) for index in begins if index < len(starts)]

    def hear_all(self, clips, words):
        batches = [clips[at : at + self.batch] for at in range(0, len(clips), self.batch)]
        began = time.perf_counter()
        with concurrent.futures.ThreadPoolExecutor(self.lanes) as lanes:
            heard = list(lanes.map(lambda batch: self.hear(batch, words=words), batches))
        total = time.perf_counter() - began
        return {"totalMs": 1e3 * total, "texts": [text for each in heard for text in each["texts"]]}


def answer(value):
    print(json.dumps(value), flush=True)


def run(folder, lanes, threads, batch):
    began = time.perf_counter()
    engine = Engine(folder, int(lanes), int(threads), int(batch))
    answer({"loadMs": 1e3 * (time.perf_counter() - began)})
    clips = []
    for line in sys.stdin:
        command, *rest = line.rstrip("\n").split(" ")
        if command == "clip":
            clips.append(Clip(*rest[:3], " ".join(rest[3:])))
            answer({})
        elif command == "hear":
            index, most_tokens, words = map(int, rest)
            answer(engine.hear([clips[index]], most_tokens, words == 1))
        elif command == "all":
            words, *order = map(int, rest)
            answer(engine.hear_all([clips[index] for index in order], words == 1))
        else:
            raise SystemExit(f"there is no command {command}")


if __name__ == "__main__":
    {"convert": convert, "run": run}[sys.argv[1]](*sys.argv[2:])
