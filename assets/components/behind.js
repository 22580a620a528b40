// Heat maps that only colour the background (nothing to hover or to read, no scale) and clouds of points are painted on a
// canvas behind the figure: Plotly draws everything in it anew for each of them, and makes an element of each point, which
// takes tens of milliseconds; this takes one or two.
const KINDS = { u1: Uint8Array, i1: Int8Array, i4: Int32Array, f4: Float32Array };

function numbers(packed) {
  if (!packed?.bdata) return packed;
  return new KINDS[packed.dtype](Uint8Array.from(atob(packed.bdata), letter => letter.charCodeAt(0)).buffer);
}

const axisOf = (trace, letter) => (trace[`${letter}axis`] ?? letter).replace(letter, `${letter}axis`);

const isCloud = trace => trace.meta?.cloud === true; // core/figures/marks.py: cloud

const isMap = trace =>
  trace.type === "heatmap" &&
  trace.hoverinfo === "skip" &&
  trace.showscale === false &&
  !trace.texttemplate &&
  Boolean(trace.z.shape) &&
  Array.isArray(trace.colorscale);

// Whether a trace can go behind: its axes must not need it to find their range.
function isBackground(trace, layout) {
  return (
    (isMap(trace) || isCloud(trace)) &&
    ["x", "y"].every(letter => {
      const axis = layout[axisOf(trace, letter)] ?? {};
      return axis.range && (axis.type ?? "linear") === "linear";
    })
  );
}

function channels(colour) {
  if (colour[0] === "#") return [1, 3, 5].map(at => parseInt(colour.slice(at, at + 2), 16)).concat(255);
  const [red, green, blue, alpha = 1] = colour.match(/[\d.]+/g).map(Number);
  return [red, green, blue, 255 * alpha];
}

// 256 colours, four bytes each, between the stops of a scale.
function palette(scale) {
  const stops = scale.map(([place, colour]) => [255 * place, channels(colour)]),
    bytes = new Uint8ClampedArray(1024);
  for (let shade = 0, next = 1; shade < 256; shade++) {
    while (next < stops.length - 1 && stops[next][0] <= shade) next++;
    const [[low, from], [high, to]] = [stops[next - 1], stops[next]];
    const share = high > low ? Math.min(Math.max((shade - low) / (high - low), 0), 1) : 1;
    for (let k = 0; k < 4; k++) bytes[4 * shade + k] = from[k] + share * (to[k] - from[k]);
  }
  return bytes;
}

// The map as a picture of one pixel per cell, the first row at the bottom, or on top where the axis counts downwards.
function cells(trace, isDownwards) {
  const [rows, columns] = trace.z.shape.split(",").map(Number),
    z = numbers(trace.z),
    colours = palette(trace.colorscale);
  const image = new ImageData(columns, rows),
    span = 255 / (trace.zmax - trace.zmin);
  for (let row = 0, from = 0; row < rows; row++) {
    for (
      let column = 0, to = 4 * (isDownwards ? row : rows - 1 - row) * columns;
      column < columns;
      column++, from++, to += 4
    ) {
      const shade = Math.round((z[from] - trace.zmin) * span);
      if (shade >= 0) image.data.set(colours.subarray(4 * Math.min(shade, 255), 4 * Math.min(shade, 255) + 4), to);
    }
  }
  const canvas = document.createElement("canvas");
  canvas.width = columns;
  canvas.height = rows;
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

// From the outer edge of the first cell to that of the last, in pixels of the figure.
function reach(axis, places, count) {
  const first = places ? places[0] : 0,
    last = places ? places[count - 1] : count - 1,
    half = (last - first) / Math.max(count - 1, 1) / 2;
  return [first - half, last + half].map(place => axis._offset + axis.l2p(place));
}

function drawMap(pen, trace, across, up) {
  const map = cells(trace, up.range[0] > up.range[1]); // a canvas never mirrors what it is given a negative height for
  const [left, right] = reach(across, numbers(trace.x), map.width),
    [bottom, top] = reach(up, numbers(trace.y), map.height);
  pen.imageSmoothingEnabled = Boolean(trace.zsmooth);
  pen.imageSmoothingQuality = "high";
  pen.drawImage(map, left, Math.min(top, bottom), right - left, Math.abs(bottom - top));
}

// Circles or diamonds, as large as Plotly draws them in its legend.
function drawCloud(pen, { marker, ...trace }, across, up) {
  const x = numbers(trace.x),
    y = numbers(trace.y),
    isRound = marker.symbol === "circle",
    radius = (marker.size / 2) * (isRound ? 1 : 1.3);
  pen.fillStyle = marker.color;
  pen.strokeStyle = marker.line.color;
  pen.lineWidth = marker.line.width;
  for (let point = 0; point < x.length; point++) {
    const left = across._offset + across.l2p(x[point]),
      top = up._offset + up.l2p(y[point]);
    pen.beginPath();
    if (isRound) pen.arc(left, top, radius, 0, 2 * Math.PI);
    else {
      pen.moveTo(left - radius, top);
      pen.lineTo(left, top - radius);
      pen.lineTo(left + radius, top);
      pen.lineTo(left, top + radius);
      pen.closePath();
    }
    pen.fill();
    pen.stroke();
  }
}

function paint(canvas, figure, traces) {
  const { width, height } = figure,
    ratio = window.devicePixelRatio || 1;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  for (const trace of traces) {
    const [across, up] = ["x", "y"].map(letter => figure[axisOf(trace, letter)]);
    pen.save();
    pen.beginPath();
    pen.rect(across._offset, up._offset, across._length, up._length);
    pen.clip();
    (isCloud(trace) ? drawCloud : drawMap)(pen, trace, across, up);
    pen.restore();
  }
}
