    spread = np.array([np.interp(GRID, *pair) for pair in zip(alarms, recalls, strict=True)])
    x, y = 1 - float(counts.specificity), float(counts.recall)
    traces = [
        band(GRID, spread, BLUE),
        trace("lines", [0, 1], [0, 1], line=stroke(GREY, 1.5, "dash"), hoverinfo="skip", name="guessing"),
        line(1 - found.counts.specificity, found.counts.recall, "ROC", BLUE),
        {**dot(x, y, INK, "circle"), "name": f"threshold {threshold:.2f}"},
