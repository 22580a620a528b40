// The windscreen: the road as it was, the network's attention over it, and what the driver got where that differs.
class Windscreen {
  constructor(root) {
    this.road = root.querySelector(".cp-road");
    this.inset = root.querySelector(".cp-seen");
    this.paint = this.road.getContext("2d");
    this.mist = Object.assign(document.createElement("canvas"), { width: 24, height: 24 });
  }

  show(bitmap, moment, looking) {
    if (bitmap) this.paint.drawImage(bitmap, 0, 0, 400, 320);
    if (bitmap && looking && moment.attention.length) this.overlay(moment.attention);
    this.inset.hidden = !moment.shown.length;
    if (moment.shown.length) this.showSpoiled(moment.shown);
  }

  showSpoiled(picture) {
    createImageBitmap(new Blob([picture], { type: "image/jpeg" }))
      .then(bitmap => this.inset.firstChild.getContext("2d").drawImage(bitmap, 0, 0))
      .catch(() => 0);
  }

  overlay(values) {
    const tint = this.mist.getContext("2d");
    const image = tint.createImageData(24, 24);
    values.forEach((value, index) => image.data.set([255, 230, 0, Math.min(value * 0.8, 210)], index * 4));
    tint.putImageData(image, 0, 0);
    this.paint.imageSmoothingEnabled = true;
    this.paint.drawImage(this.mist, 0, 0, 400, 320);
  }

  describe(moment) {
    const [steer] = moment.action;
    const way = steer > 0.03 ? "right" : steer < -0.03 ? "left" : "straight ahead";
    const place = moment.off >= 2 ? "off the track" : "on the track";
    const seconds = (moment.step / RATE).toFixed(1);
    this.road.setAttribute(
      "aria-label",
      `The car at ${seconds} seconds: steering ${way}, speed ${moment.speed.toFixed(0)}, score ${moment.score.toFixed(0)}, ${place}.`,
    );
  }
}
