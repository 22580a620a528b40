// The race: the driver's score over time beside the expert's on the same track.
class Race {
  constructor(root) {
    this.root = root;
    this.ink = root.querySelector(".cp-race").getContext("2d");
  }

  draw(moments, expert, index) {
    const { ink } = this;
    const longest = Math.max(expert.length, moments.length, 100);
    ink.clearRect(0, 0, 400, 110);
    this.curve(expert, longest, COLOURS.expert, [8, 6]);
    const scores = moments.slice(0, index + 1).map(moment => moment.score);
    this.curve(scores, longest, COLOURS.driver, []);
    ink.setLineDash([]);
    ink.font = `16px ${getComputedStyle(this.root).fontFamily}`;
    ink.fillStyle = getComputedStyle(this.root).color;
    ink.fillText("score: — driver   - - expert", 8, 16);
  }

  curve(values, longest, colour, dash) {
    const { ink } = this;
    Object.assign(ink, { strokeStyle: colour, lineWidth: 3 });
    ink.setLineDash(dash);
    ink.beginPath();
    values.forEach((value, at) => ink.lineTo(4 + (392 * at) / longest, 104 - Math.max(value, -100) / 10));
    ink.stroke();
  }
}
