"""Heat maps that are painted on a canvas: in a browser, they stand the right way up."""

from browser import looking

from pages.ui.stage import FOLDER

PAINTED = """isDownwards => {
  const canvas = document.createElement("canvas");
  const axis = range => ({ _offset: 0, _length: 20, range, l2p: at => (20 * (at - range[0])) / (range[1] - range[0]) });
  const figure = { width: 20, height: 20, xaxis: axis([-0.5, 1.5]) };
  // Plotly's vertical axis begins at the bottom, so that a range that counts upwards has its end on top.
  const span = isDownwards ? [1.5, -0.5] : [-0.5, 1.5];
  figure.yaxis = { ...axis(span), l2p: at => 20 - (20 * (at - span[0])) / (span[1] - span[0]) };
  const z = { dtype: "u1", shape: "2, 2", bdata: btoa(String.fromCharCode(255, 0, 0, 0)) };
  const trace = { type: "heatmap", z, zmin: 0, zmax: 255, colorscale: [[0, "#000000"], [1, "#ffffff"]] };
  paint(canvas, figure, [trace]);
  const ratio = window.devicePixelRatio || 1, pen = canvas.getContext("2d");
  return [5, 15].map(y => [5, 15].map(x => pen.getImageData(x * ratio, y * ratio, 1, 1).data[0]));
}"""


def test_the_first_row_is_at_the_bottom_or_on_top_as_the_axis_counts():
    with looking(300, 300) as (page, watch):
        page.goto("about:blank")
        page.add_script_tag(content=(FOLDER / "behind.js").read_text(encoding="utf-8"))
        assert page.evaluate(PAINTED, False) == [[0, 0], [255, 0]]
        assert page.evaluate(PAINTED, True) == [[255, 0], [0, 0]]
        watch.clean()
