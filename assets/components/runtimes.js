// Two runtimes in the page: ONNX Runtime Web (WebAssembly) and TensorFlow.js (plain JavaScript) answer the learner's
// drawing beside the server. Each is fetched once a visit; addresses are relative, so that a base path may come before.
const SERVER = "the server (torch)";
const WEB = "ONNX Runtime Web";
const TF = "TensorFlow.js";
const RUNS = 9;
const PATIENCE = 400; // milliseconds of measuring for each runtime
const benches = new WeakMap();

const place = address => new URL(address, document.baseURI).href;
const bytes = address => fetch(place(address)).then(reply => reply.arrayBuffer());

async function onnxRuntime({ ort, wasm, onnx }) {
  const runtime = await import(place(ort));
  runtime.env.wasm.numThreads = 1;
  runtime.env.wasm.wasmPaths = { wasm: place(wasm) };
  const session = await runtime.InferenceSession.create(new Uint8Array(await bytes(onnx)), {
    executionProviders: ["wasm"],
  });
  return async pixels => {
    const answer = await session.run({ x: new runtime.Tensor("float32", pixels, [1, 1, 28, 28]) });
    return Array.from(answer.y.data);
  };
}

async function tensorFlow({ tf: scripts, model, weights }) {
  for (const script of scripts) await import(place(script)); // one after another: each adds to the one before
  const { tf } = window;
  await tf.setBackend("cpu");
  await tf.ready();
  const [text, content] = await Promise.all([fetch(place(model)).then(reply => reply.json()), bytes(weights)]);
  const network = await tf.loadLayersModel(
    tf.io.fromMemory({
      modelTopology: text.modelTopology,
      weightSpecs: text.weightsManifest[0].weights,
      weightData: content,
    }),
  );
  return async pixels => Array.from(tf.tidy(() => network.predict(tf.tensor4d(pixels, [1, 28, 28, 1])).dataSync()));
}

// A runtime that is being fetched or is ready: its answer to pixels, and how long that took.
function loaded(name, addresses) {
  const kept = (window.roadmapLabRuntimes ??= {});
  kept[name] ??= (async () => {
    const began = performance.now();
    const ask = await (name === WEB ? onnxRuntime : tensorFlow)(addresses);
    return { ask, milliseconds: performance.now() - began };
  })();
  kept[name].catch(() => {
    delete kept[name]; // the next drawing tries again
  });
  return kept[name];
}

const middle = values => [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)];
const duration = milliseconds =>
  milliseconds >= 1000
    ? `${(milliseconds / 1000).toFixed(1)} s`
    : `${milliseconds >= 10 ? Math.round(milliseconds) : milliseconds.toFixed(1)} ms`;

class Bench {
  constructor(root) {
    this.root = root;
    this.body = root.querySelector("tbody");
    this.said = root.querySelector(".rl-r-said");
  }

  async show(data, report) {
    if (this.id === data.id) return;
    this.id = data.id;
    this.data = data;
    this.root.dataset.done = "";
    const pixels = new Float32Array(Uint8Array.from(atob(data.pixels), letter => letter.charCodeAt(0)).buffer);
    this.rows = { [SERVER]: { logits: data.server, milliseconds: data.milliseconds } };
    this.draw();
    const measured = {};
    for (const name of [WEB, TF]) {
      this.said.textContent = `${name} is fetched and run …`;
      try {
        const row = await this.measured(name, pixels);
        if (this.id !== data.id) return; // another drawing meanwhile
        this.rows[name] = row;
        measured[name] = { difference: row.difference, milliseconds: row.milliseconds, answer: this.best(row.logits) };
      } catch (error) {
        this.rows[name] = { problem: String(error.message ?? error).slice(0, 200) };
      }
      this.draw();
    }
    this.said.textContent = "All three have answered. Nothing of it left this computer.";
    this.root.dataset.done = data.id;
    report("measured", { id: data.id, runtimes: measured });
  }

  async measured(name, pixels) {
    const { ask, milliseconds: fetched } = await loaded(name, this.data.addresses);
    const logits = await ask(pixels);
    const times = [];
    const end = performance.now() + PATIENCE;
    while (times.length < RUNS && (times.length < 2 || performance.now() < end)) {
      const began = performance.now();
      await ask(pixels);
      times.push(performance.now() - began);
    }
    const difference = Math.max(...logits.map((value, at) => Math.abs(value - this.data.server[at])));
    return { logits, difference, milliseconds: middle(times), fetched };
  }

  best(logits) {
    return this.data.names[logits.indexOf(Math.max(...logits))];
  }

  draw() {
    this.body.replaceChildren(
      ...[SERVER, WEB, TF].map(name => {
        const row = this.rows[name];
        const line = document.createElement("tr");
        const head = document.createElement("th");
        head.scope = "row";
        head.textContent = name;
        line.append(head);
        for (const words of this.words(name, row)) {
          const cell = document.createElement("td");
          cell.textContent = words;
          line.append(cell);
        }
        return line;
      }),
    );
  }

  words(name, row) {
    if (!row) return ["…", "…", "…", "…"];
    if (row.problem) return [`did not run: ${row.problem}`, "", "", ""];
    const difference = name === SERVER ? "–" : row.difference === 0 ? "0" : row.difference.toExponential(1);
    return [
      this.best(row.logits),
      difference,
      duration(row.milliseconds),
      name === SERVER ? "–" : duration(row.fetched),
    ];
  }
}

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".rl-runtimes");
  if (!benches.has(root)) benches.set(root, new Bench(root));
  benches.get(root).show(data, setStateValue);
}
