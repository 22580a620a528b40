// A GAN in the plane trained with TensorFlow.js, as GAN Lab trains it: the baseline of gans.py.
//
// Two multilayer perceptrons from variables, Adam on each side, a tidy around every update, new noise and a new batch
// of real samples in each. The standard input holds a specification (JSON) on one line; the answer is
// {milliseconds, rounds, backend}.
"use strict";

const tf = require("@tensorflow/tfjs");

const network = (inputs, outputs, units) => {
  const widths = [inputs, units, units, outputs];
  const variables = [];
  for (let layer = 0; layer < 3; layer++) {
    variables.push(tf.variable(tf.randomNormal([widths[layer], widths[layer + 1]], 0, Math.sqrt(2 / widths[layer]))));
    variables.push(tf.variable(tf.zeros([widths[layer + 1]])));
  }
  const answer = (x) => {
    for (let layer = 0; layer < 3; layer++) {
      x = x.matMul(variables[2 * layer]).add(variables[2 * layer + 1]);
      if (layer < 2) x = tf.leakyRelu(x, 0.01);
    }
    return x;
  };
  return { variables, answer };
};

const main = async (specification) => {
  const { rounds, batch, units, rate, samples } = specification;
  await tf.setBackend("cpu");
  const real = tf.tensor2d(samples);
  const [G, D] = [network(2, 2, units), network(2, 1, units)];
  const [forG, forD] = [tf.train.adam(rate, 0.5), tf.train.adam(rate, 0.5)];
  const noise = () => tf.randomUniform([batch, 2], -1, 1);
  const round = () => {
    tf.tidy(() => {
      const x = real.gather(tf.randomUniform([batch], 0, samples.length, "int32"));
      const fake = G.answer(noise());
      forD.minimize(
        () => {
          const answers = D.answer(tf.concat([x, fake]));
          const [ours, theirs] = tf.split(answers, 2);
          return tf.softplus(ours.neg()).mean().add(tf.softplus(theirs).mean());
        },
        false,
        D.variables,
      );
    });
    tf.tidy(() => {
      forG.minimize(() => tf.softplus(D.answer(G.answer(noise())).neg()).mean(), false, G.variables);
    });
  };
  for (let number = 0; number < 20; number++) round();
  const begun = process.hrtime.bigint();
  for (let number = 0; number < rounds; number++) round();
  const milliseconds = Number(process.hrtime.bigint() - begun) / 1e6;
  console.log(JSON.stringify({ milliseconds, rounds, backend: tf.getBackend(), version: tf.version.tfjs }));
};

main(JSON.parse(require("node:fs").readFileSync(0, "utf8")));
