// The reel: all moments of a drive as they arrived, and the pictures near the present, decoded.
class Reel {
  constructor(arrived) {
    this.arrived = arrived; // called when a picture has been decoded, with its index
    this.bitmaps = new Map();
    this.clear();
  }

  clear() {
    this.present = 0; // the moment that is looked at
    this.moments = [];
    this.pushes = [];
    this.bitmaps.forEach(bitmap => bitmap?.close());
    this.bitmaps.clear();
  }

  get length() {
    return this.moments.length;
  }

  // A message: four bytes with the length of the JSON, the JSON with the parts' lengths, the parts.
  static read(buffer) {
    const size = new DataView(buffer).getUint32(0, true);
    const bytes = new Uint8Array(buffer);
    const moment = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + size)));
    let at = 4 + size;
    [moment.picture, moment.attention, moment.shown] = moment.parts.map(length => bytes.slice(at, (at += length)));
    return moment;
  }

  add(moment) {
    if (moment.struck) this.pushes.push(this.length);
    this.moments.push(moment);
    this.decode(this.length - 1);
  }

  decode(index) {
    if (this.bitmaps.has(index) || !this.moments[index]) return;
    const { moments, bitmaps } = this;
    bitmaps.set(index, null);
    createImageBitmap(new Blob([moments[index].picture], { type: "image/jpeg" }))
      .then(bitmap => {
        if (moments !== this.moments) return bitmap.close(); // of an earlier drive
        bitmaps.set(index, bitmap);
        this.arrived(index);
        this.thin();
      })
      .catch(() => bitmaps.delete(index));
  }

  // Let go of pictures far from the present.
  thin() {
    for (const index of this.bitmaps.keys()) {
      if (this.bitmaps.size <= 90) return;
      if (Math.abs(index - this.present) > 40) {
        this.bitmaps.get(index)?.close();
        this.bitmaps.delete(index);
      }
    }
  }

  // The last decoded picture of the four up to a moment, as [index, bitmap].
  picture(index) {
    const near = [index, index - 1, index - 2, index - 3].find(at => this.bitmaps.get(at));
    return [near, this.bitmaps.get(near)];
  }
}
