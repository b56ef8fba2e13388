// Runs a model file of winnow-export in the browser, with ONNX Runtime Web, and answers as winnow-classify does.
//
//   const model = await openModel("model.onnx");
//   const answer = await model.classify(file);      // a File or Blob that holds a picture
//   {label, confidence, verdict, unknown, scores: [{label, score}, ...]}
//
// Everything is computed here; nothing but the model and the runtime is fetched. The model file says itself what
// its classes are, how a picture has to be cut and resized, and when one is unlike everything it knows
// (docs/formats/model.md). Errors are for people to read.

const runtimeFolder = new URL("onnxruntime/", import.meta.url);

// The three tones of an answer, as in lib/inference/src/answer.cpp.
const veryConfident = 0.95;
const fairlySure = 0.75;

const newestFormat = 1;
const pixelTolerance = 2;  // what decoders of JPEG may differ by, as in winnow-export --self-check
const gridSide = 16;
const bandPixels = 1 << 22;  // drawn at a time: phones refuse canvases as large as their photos

// The parts of an encoded protobuf message, as {number, wire, begin, end}; what is no message throws.
function* fieldsOf(bytes, begin, stop) {
  let at = begin;
  const damaged = () => new Error("This is no model file: it is damaged, or something else.");
  const varint = () => {
    let value = 0;
    for (let shift = 0; shift < 10; ++shift) {
      if (at >= stop) throw damaged();
      const byte = bytes[at++];
      value += (byte % 128) * 128 ** shift;  // above 2^53 not exact, and then past the end anyway
      if (byte < 128) return value;
    }
    throw damaged();
  };
  while (at < stop) {
    const tag = varint();
    const wire = tag % 8;
    const length = wire === 1 ? 8 : wire === 5 ? 4 : wire === 2 ? varint() : wire === 0 ? 0 : NaN;
    const first = at;
    if (wire === 0) varint();
    else if (length <= stop - at) at += length;
    else throw damaged();
    yield { number: Math.floor(tag / 8), wire, begin: first, end: at };
  }
}

// ONNX Runtime Web does not hand out a model's metadata, so it is read from the bytes: field 14 of ModelProto is a
// list of keys (1) and values (2); the graph is stepped over.
export function readMetadata(bytes) {
  const text = new TextDecoder();
  const entries = new Map();
  for (const field of fieldsOf(bytes, 0, bytes.length)) {
    if (field.number !== 14 || field.wire !== 2) continue;
    const entry = ["", ""];
    for (const part of fieldsOf(bytes, field.begin, field.end)) {
      if (part.wire === 2 && (part.number === 1 || part.number === 2)) {
        entry[part.number - 1] = text.decode(bytes.subarray(part.begin, part.end));
      }
    }
    entries.set(...entry);
  }
  return entries;
}

function parse(json) {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}

// What the model says of itself, or an Error that says why it cannot be used.
export function describeModel(metadata) {
  if (!metadata.has("winnow")) throw new Error("This model was not written by winnow-export, so its classes are unknown.");
  const about = parse(metadata.get("winnow"));
  if (about?.format > newestFormat) throw new Error("This model is newer than this page; use the page that came with it.");
  const rule = about?.preprocessing;
  const within = (value, low, high) => typeof value === "number" && value >= low && value <= high;
  const good = Array.isArray(about?.classes) && about.classes.length > 1
    && about.classes.every((label) => typeof label === "string")
    && Number.isInteger(rule?.size) && within(rule.size, 8, 2048)
    && (rule.fit === "squash" || (rule.fit === "crop" && within(rule.crop_fraction, Number.MIN_VALUE, 1)))
    && (about.unknown === undefined || Number.isFinite(about.unknown?.threshold));
  if (!good) throw new Error("This model's description of itself is damaged; export it again.");
  return about;
}

// Which positions make up each position of a side that is resized, and how much of each, in whole numbers: what
// lib/image/src/resample.cpp does, to the bit. Areas are averaged where a side shrinks; where it grows, cubic.
function makeAxis(source, target) {
  const shrinks = source >= target;
  const gcd = (a, b) => (b === 0 ? a : gcd(b, a % b));
  const taps = Math.min(source, shrinks ? Math.floor((source + 2 * target - gcd(source, target) - 1) / target) : 4);
  const sum = shrinks ? source : 1 << 14;
  const first = new Int32Array(target);
  const weights = new Int32Array(target * taps);
  for (let i = 0; i < target; ++i) {
    if (shrinks) {
      const begin = i * source;
      first[i] = Math.min(Math.floor(begin / target), source - taps);
      for (let k = 0; k < taps; ++k) {
        const left = (first[i] + k) * target;
        weights[i * taps + k] = Math.max(0, Math.min(begin + source, left + target) - Math.max(begin, left));
      }
      continue;
    }
    const centre = (i + 0.5) * source / target - 0.5;
    const left = Math.floor(centre) - 1;
    first[i] = Math.min(Math.max(left, 0), source - taps);
    const t = centre - Math.floor(centre);
    const a = -0.75;
    const near = (d) => ((a + 2) * d - (a + 3)) * d * d + 1;
    const far = (d) => ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
    const row = weights.subarray(i * taps, (i + 1) * taps);
    let rest = sum;
    [far(t + 1), near(t), near(1 - t), far(2 - t)].forEach((exact, k) => {
      const weight = Math.sign(exact) * Math.round(Math.abs(exact) * sum);
      row[Math.min(Math.max(left + k, 0), source - 1) - first[i]] += weight;  // the edge is repeated
      rest -= weight;
    });
    row[row.indexOf(Math.max(...row))] += rest;
  }
  return { taps, sum, first, weights };
}

// readRows(first, count): RGBA of these rows, of which bandRows are kept at a time. Returns [size, size, 3].
function resample(readRows, width, height, size, bandRows) {
  const across = makeAxis(width, size);
  const down = makeAxis(height, size);
  const round = Math.fround;
  const scale = round(1 / round(across.sum * down.sum));
  const weights = Float32Array.from(across.weights, (weight) => weight * scale);
  const sums = new Int32Array(4 * width);
  const row = new Float32Array(4 * width);
  const out = new Uint8ClampedArray(3 * size * size);  // rounds to even, as the processor does
  let band, begin = 0, end = 0;
  for (let y = 0; y < size; ++y) {
    if (down.first[y] + down.taps > end) {
      begin = down.first[y];
      end = Math.min(height, begin + Math.max(down.taps, bandRows));
      band = readRows(begin, end - begin);
    }
    sums.fill(0);
    for (let k = 0; k < down.taps; ++k) {
      const weight = down.weights[y * down.taps + k];
      const from = (down.first[y] + k - begin) * sums.length;
      for (let i = 0; i < sums.length; ++i) sums[i] += weight * band[from + i];
    }
    row.set(sums);
    for (let x = 0; x < size; ++x) {
      for (let c = 0; c < 3; ++c) {
        let value = 0;
        for (let k = 0; k < across.taps; ++k) {
          value = round(value + round(row[4 * (across.first[x] + k) + c] * weights[x * across.taps + k]));
        }
        out[3 * (y * size + x) + c] = value;
      }
    }
  }
  return new Uint8Array(out.buffer);
}

// winnow decodes a large JPEG at 1/2, 1/4 or 1/8 of its sides, as long as none of what the network sees is enlarged
// by that (decoding_side() and jpeg_scale() in lib/image). Averaging blocks of pixels comes close to it.
async function reductionOf(picture, bitmap, rule) {
  const [first, second] = new Uint8Array(await picture.slice(0, 2).arrayBuffer());
  if (first !== 0xff || second !== 0xd8) return 1;
  let side = rule.size;
  if (rule.fit === "crop") {
    side = Math.ceil(rule.size / rule.crop_fraction);
    if (Math.trunc(rule.crop_fraction * side) < rule.size) ++side;
  }
  let reduction = 8;
  while (reduction > 1 && Math.ceil(Math.min(bitmap.width, bitmap.height) / reduction) < side) reduction /= 2;
  return reduction;
}

// RGBA [height, width, 4]: the means of blocks of by x by pixels; those at the right and lower edge may be smaller.
function averageBlocks(pixels, width, height, by) {
  const outWidth = Math.ceil(width / by);
  const out = new Uint8ClampedArray(4 * outWidth * Math.ceil(height / by));
  const sums = new Int32Array(4 * outWidth);
  for (let top = 0; top < height; top += by) {
    const rows = Math.min(by, height - top);
    sums.fill(0);
    for (let y = top; y < top + rows; ++y) {
      for (let x = 0; x < width; ++x) {
        const to = 4 * Math.floor(x / by);
        const from = 4 * (y * width + x);
        for (let c = 0; c < 3; ++c) sums[to + c] += pixels[from + c];
      }
    }
    for (let x = 0; x < outWidth; ++x) {
      const count = rows * Math.min(by, width - x * by);
      for (let c = 0; c < 3; ++c) out[4 * (top / by * outWidth + x) + c] = sums[4 * x + c] / count;
    }
  }
  return out;
}

// What the network sees of a picture: decoded and turned upright by the browser, without regard to colour profiles
// and over white, as winnow decodes; then cut and resized as the model says. uint8 [size, size, 3].
export async function seenPixels(picture, rule) {
  const bitmap = await createImageBitmap(picture, { imageOrientation: "from-image", colorSpaceConversion: "none" })
    .catch(() => { throw new Error("The browser cannot read this file as a picture."); });
  try {
    const by = await reductionOf(picture, bitmap, rule);
    const whole = { width: Math.ceil(bitmap.width / by), height: Math.ceil(bitmap.height / by) };
    const side = Math.max(1, Math.trunc(rule.crop_fraction * Math.min(whole.width, whole.height)));
    const { width, height } = rule.fit === "crop" ? { width: side, height: side } : whole;
    const left = Math.floor((whole.width - width + 1) / 2);
    const top = Math.floor((whole.height - height + 1) / 2);
    const readRows = (first, count) => {
      const drawnWidth = Math.min(width * by, bitmap.width - left * by);
      const drawnHeight = Math.min(count * by, bitmap.height - (top + first) * by);
      const pen = new OffscreenCanvas(drawnWidth, drawnHeight).getContext("2d", { willReadFrequently: true });
      pen.fillStyle = "#fff";
      pen.fillRect(0, 0, drawnWidth, drawnHeight);
      pen.drawImage(bitmap, -left * by, -(top + first) * by);
      const pixels = pen.getImageData(0, 0, drawnWidth, drawnHeight).data;
      return by === 1 ? pixels : averageBlocks(pixels, drawnWidth, drawnHeight, by);
    };
    return resample(readRows, width, height, rule.size, Math.floor(bandPixels / (width * by * by)));
  } finally {
    bitmap.close();
  }
}

async function download(url, onProgress) {
  const response = await fetch(url).catch(() => { throw new Error("The model cannot be fetched. Check the connection."); });
  if (!response.ok) throw new Error(`The model cannot be fetched (${response.status}).`);
  // A compressed answer's length says nothing of what comes out.
  const total = response.headers.has("Content-Encoding") ? 0 : Number(response.headers.get("Content-Length"));
  const parts = [];
  let loaded = 0;
  for (const reader = response.body.getReader(); ;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    loaded += value.length;
    onProgress?.(loaded, total);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

async function openSession(bytes, providers, threads) {
  const ort = await import(new URL("ort.js", runtimeFolder));
  // Names that every server takes for what they are: nginx of Debian 12 sends .mjs as if it were unknown.
  ort.env.wasm.wasmPaths = { mjs: new URL("ort-wasm.js", runtimeFolder).href, wasm: new URL("ort-wasm.wasm", runtimeFolder).href };
  ort.env.wasm.numThreads = threads;
  ort.env.wasm.proxy = !providers.includes("webgpu");  // computes in a worker, so that the page stays alive
  return { ort, session: await ort.InferenceSession.create(bytes, { executionProviders: providers }) };
}

class Model {
  constructor(about, reference, engine, threads) {
    this.about = about;
    this.classes = about.classes;
    this.threads = threads;
    this.reference = reference;
    this.engine = engine;
  }

  // pixels: uint8 [size, size, 3]; they are given away.
  async run(pixels) {
    const { size } = this.about.preprocessing;
    const { ort, session } = this.engine;
    const names = ["logits", "probabilities", ...(this.about.unknown ? ["similarity"] : [])];
    const outputs = await session.run({ images: new ort.Tensor("uint8", pixels, [1, size, size, 3]) }, names);
    if (outputs.probabilities.size !== this.classes.length) {
      throw new Error("The model's classes and its network do not fit together; export it again.");
    }
    return Object.fromEntries(names.map((name) => [name, Array.from(outputs[name].data)]));
  }

  async classify(picture) {
    const { probabilities, similarity } = await this.run(await seenPixels(picture, this.about.preprocessing));
    const scores = probabilities.map((score, i) => ({ label: this.classes[i], score })).sort((a, b) => b.score - a.score);
    const [{ label, score: confidence }] = scores;
    const unknown = this.about.unknown !== undefined && similarity[0] < this.about.unknown.threshold;
    const verdict = unknown ? "none_of_these" : confidence >= veryConfident ? "very_confident"
      : confidence >= fairlySure ? "fairly_sure" : "not_sure";
    return { label, confidence, verdict, unknown, scores };
  }

  // Sends the pictures that the model carries through this browser's decoder and arithmetic, as
  // winnow-export --self-check does on a server. Browsers that protect against fingerprinting alter pixels.
  // Returns null for a model without such pictures.
  async check() {
    if (!this.reference) return null;
    const { size } = this.about.preprocessing;
    const decode = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const pictures = [];
    for (const picture of this.reference.pictures) {
      const pixels = await seenPixels(new Blob([decode(picture.file)]), this.about.preprocessing);
      const place = (i) => Math.floor((2 * i + 1) * size / (2 * gridSide));
      const pixelDifference = decode(picture.grid).reduce((most, value, i) => {
        const [row, column] = [Math.floor(i / 3 / gridSide), Math.floor(i / 3) % gridSide];
        return Math.max(most, Math.abs(value - pixels[3 * (place(row) * size + place(column)) + i % 3]));
      }, 0);
      // Hashes are to be had only over https and on the machine itself.
      const hash = globalThis.crypto?.subtle && new Uint8Array(await crypto.subtle.digest("SHA-256", pixels));
      const samePixels = hash !== undefined
        && Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("") === picture.pixels_sha256;
      const { logits } = await this.run(pixels);
      const logitDifference = Math.max(...logits.map((logit, i) => Math.abs(logit - picture.logits[i])));
      const holds = pixelDifference <= pixelTolerance
        && (!samePixels || logitDifference <= this.reference.logit_tolerance);
      pictures.push({ name: picture.name, pixelDifference, samePixels, logitDifference, holds });
    }
    return { holds: pictures.every((picture) => picture.holds), pictures };
  }
}

// onProgress(loaded, total): bytes; total is 0 where the server does not say. threads: several work only on a page
// that is isolated from other sites (crossOriginIsolated), at most four; with one for each processor they wait for each
// other.
export async function openModel(url, {
  onProgress, providers = ["wasm"], threads = Math.ceil(navigator.hardwareConcurrency / 2),
} = {}) {
  const bytes = await download(url, onProgress);
  const metadata = readMetadata(bytes);
  const about = describeModel(metadata);
  const used = globalThis.crossOriginIsolated ? Math.max(1, Math.min(4, threads)) : 1;
  const engine = await openSession(bytes, providers, used).catch((error) => {
    throw new Error(`This browser cannot run the model (${error.message}).`);
  });
  return new Model(about, parse(metadata.get("winnow.reference_vector") ?? "null"), engine, used);
}
