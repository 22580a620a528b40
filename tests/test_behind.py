"""What is painted on a canvas behind a figure, in a browser: heat maps stand the right way up, clouds are in place."""

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


CLOUD = """() => {
  const canvas = document.createElement("canvas");
  const axis = { _offset: 0, _length: 40, range: [0, 4], l2p: at => 10 * at };
  const style = { symbol: "circle", size: 8, color: "#ff0000", line: { color: "#00ff00", width: 0.5 } };
  const places = (x, y) => ({ type: "scatter", meta: { cloud: true }, x, y });
  const round = { ...places([1], [1]), marker: style }, pointed = { ...places([3], [1]), marker: style };
  pointed.marker = { ...style, symbol: "diamond", color: "#0000ff" };
  const layout = { xaxis: { range: [0, 4] }, yaxis: { range: [0, 4] } };
  paint(canvas, { width: 40, height: 40, xaxis: axis, yaxis: axis }, [round, pointed]);
  const ratio = window.devicePixelRatio || 1, pen = canvas.getContext("2d");
  const seen = (x, y) => [...pen.getImageData(x * ratio, y * ratio, 1, 1).data];
  return {
    centres: [seen(10, 10), seen(30, 10)], corners: [seen(12, 12)[3], seen(33, 13)[3]], empty: seen(20, 30),
    behind: [isBackground(round, layout), isBackground(round, { xaxis: {}, yaxis: { range: [0, 4] } })],
  };
}"""


def test_a_cloud_is_painted_in_its_colours_and_shapes_where_both_axes_have_ranges():
    with looking(300, 300) as (page, watch):
        page.goto("about:blank")
        page.add_script_tag(content=(FOLDER / "behind.js").read_text(encoding="utf-8"))
        found = page.evaluate(CLOUD)
        assert found["centres"] == [[255, 0, 0, 255], [0, 0, 255, 255]] and found["empty"] == [0, 0, 0, 0]
        assert found["corners"][0] > 0 == found["corners"][1], "a diamond has none of a circle's corners"
        assert found["behind"] == [True, False], "an axis without a range needs the points to find one"
        watch.clean()
