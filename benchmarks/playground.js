// A small network trained in plain JavaScript, one sample and one number at a time: the baseline of training.py.
//
// It works the way TensorFlow Playground's engine does: a graph of node and link objects; every sample goes forward
// and back through it, derivatives add up in the links, and at the end of a batch every link moves. Activations are
// pairs of functions of a node's total input, so a derivative computes its activation again; "reuse" in the
// specification takes it from the stored output instead.
//
// Line 1 of the standard input is the specification (JSON); each further line asks for one whole training, which
// answers {milliseconds, weights} on a line.
"use strict";

const ACTIVATIONS = {
  linear: { output: (x) => x, slope: () => 1, fromOutput: () => 1 },
  tanh: {
    output: (x) => Math.tanh(x),
    slope: (x) => { const output = Math.tanh(x); return 1 - output * output; },
    fromOutput: (output) => 1 - output * output,
  },
  ReLU: { output: (x) => Math.max(0, x), slope: (x) => (x <= 0 ? 0 : 1), fromOutput: (output) => (output <= 0 ? 0 : 1) },
};

class Link {
  constructor(source, target, weight) {
    this.source = source;
    this.target = target;
    this.weight = weight;
    this.derivatives = 0;
    this.count = 0;
  }
}

class Node {
  constructor(bias, activation) {
    this.bias = bias;
    this.activation = activation;
    this.inputs = [];
    this.outputs = [];
    this.totalInput = 0;
    this.output = 0;
    this.outputDerivative = 0;
    this.inputDerivative = 0;
    this.derivatives = 0;
    this.count = 0;
  }

  update() {
    this.totalInput = this.bias;
    for (let k = 0; k < this.inputs.length; k++) {
      const link = this.inputs[k];
      this.totalInput += link.weight * link.source.output;
    }
    this.output = this.activation.output(this.totalInput);
    return this.output;
  }
}

// Layers of nodes from flat weights: (units, inputs) row by row, then (units,) biases, layer after layer.
function network(widths, activation, weights) {
  const layers = [Array.from({ length: widths[0] }, () => new Node(0, ACTIVATIONS.linear))];
  let at = 0;
  for (let l = 1; l < widths.length; l++) {
    const below = layers[l - 1];
    const chosen = ACTIVATIONS[l === widths.length - 1 ? "linear" : activation];
    const nodes = [];
    for (let j = 0; j < widths[l]; j++) {
      const node = new Node(weights[at + widths[l] * below.length + j], chosen);
      for (let i = 0; i < below.length; i++) {
        const link = new Link(below[i], node, weights[at + j * below.length + i]);
        below[i].outputs.push(link);
        node.inputs.push(link);
      }
      nodes.push(node);
    }
    at += widths[l] * (below.length + 1);
    layers.push(nodes);
  }
  return layers;
}

function forward(layers, x) {
  for (let i = 0; i < x.length; i++) layers[0][i].output = x[i];
  for (let l = 1; l < layers.length; l++) {
    const layer = layers[l];
    for (let j = 0; j < layer.length; j++) layer[j].update();
  }
  return layers[layers.length - 1][0].output;
}

// The derivative of (output − target)², added up in every node and link.
function backward(layers, target, reuse) {
  const top = layers[layers.length - 1][0];
  top.outputDerivative = 2 * (top.output - target);
  for (let l = layers.length - 1; l >= 1; l--) {
    const layer = layers[l];
    for (let j = 0; j < layer.length; j++) {
      const node = layer[j];
      const slope = reuse ? node.activation.fromOutput(node.output) : node.activation.slope(node.totalInput);
      node.inputDerivative = node.outputDerivative * slope;
      node.derivatives += node.inputDerivative;
      node.count++;
    }
    for (let j = 0; j < layer.length; j++) {
      const node = layer[j];
      for (let k = 0; k < node.inputs.length; k++) {
        const link = node.inputs[k];
        link.derivatives += node.inputDerivative * link.source.output;
        link.count++;
      }
    }
    if (l === 1) continue;
    const below = layers[l - 1];
    for (let i = 0; i < below.length; i++) {
      const node = below[i];
      node.outputDerivative = 0;
      for (let k = 0; k < node.outputs.length; k++) {
        const link = node.outputs[k];
        node.outputDerivative += link.weight * link.target.inputDerivative;
      }
    }
  }
}

function move(layers, rate) {
  for (let l = 1; l < layers.length; l++) {
    const layer = layers[l];
    for (let j = 0; j < layer.length; j++) {
      const node = layer[j];
      if (node.count > 0) {
        node.bias -= (rate * node.derivatives) / node.count;
        node.derivatives = 0;
        node.count = 0;
      }
      for (let k = 0; k < node.inputs.length; k++) {
        const link = node.inputs[k];
        if (link.count > 0) {
          link.weight -= (rate / link.count) * link.derivatives;
          link.derivatives = 0;
          link.count = 0;
        }
      }
    }
  }
}

function meanLoss(layers, x, y) {
  let loss = 0;
  for (let s = 0; s < x.length; s++) loss += (forward(layers, x[s]) - y[s]) ** 2;
  return loss / x.length;
}

function flat(layers) {
  const weights = [];
  for (const layer of layers.slice(1)) {
    for (const node of layer) for (const link of node.inputs) weights.push(link.weight);
    for (const node of layer) weights.push(node.bias);
  }
  return weights;
}

function training(given) {
  const layers = network(given.widths, given.activation, given.weights);
  const recorded = new Set(given.recorded);
  const losses = [];
  for (let epoch = 1; epoch <= given.orders.length; epoch++) {
    const order = given.orders[epoch - 1];
    for (let s = 0; s < order.length; s++) {
      forward(layers, given.x[order[s]]);
      backward(layers, given.y[order[s]], given.reuse);
      if ((s + 1) % given.batch === 0 || s === order.length - 1) move(layers, given.rate);
    }
    if (recorded.has(epoch)) losses.push([meanLoss(layers, given.x, given.y), meanLoss(layers, given.xTest, given.yTest)]);
  }
  return flat(layers);
}

let given = null;
require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  if (given === null) {
    given = JSON.parse(line);
    return;
  }
  const began = process.hrtime.bigint();
  const weights = training(given);
  console.log(JSON.stringify({ milliseconds: Number(process.hrtime.bigint() - began) / 1e6, weights }));
});
