// The instruments: steering wheel, pedals and numbers of one moment.
class Instruments {
  constructor(root) {
    this.find = name => root.querySelector(`.cp-${name}`);
  }

  show(moment, expert, lessons) {
    const [steer, gas, brake] = moment.action;
    this.find("wheel").style.transform = `rotate(${steer * 220}deg)`;
    this.find("gas").style.height = `${gas * 100}%`;
    this.find("brake").style.height = `${brake * 100}%`;
    this.find("speed").textContent = moment.speed.toFixed(0);
    this.find("score").textContent = String(Math.round(moment.score) || 0).replace("-", "−"); // never −0
    this.find("expert").textContent = expert === undefined ? "…" : expert.toFixed(0);
    this.find("lap").textContent = `${(moment.tiles * 100).toFixed(0)}%`;
    if (lessons !== undefined) this.find("lessons").textContent = lessons;
  }
}
