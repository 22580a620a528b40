// A conversation whose tokens can be clicked. Texts come in as texts: nothing in them is ever markup.
export default function ({ parentElement, data, setTriggerValue }) {
  const box = parentElement.querySelector(".talk");
  const focused = box.contains(box.getRootNode().activeElement) ? box.getRootNode().activeElement.dataset.spot : null;
  box.classList.toggle("pair", Boolean(data.pair));
  box.replaceChildren(...data.turns.map((turn, number) => drawn(turn, number)));
  if (focused) box.querySelector(`[data-spot="${focused}"]`)?.focus();
  if (!box.dataset.awake) {
    box.dataset.awake = "yes";
    if (data.wake) setTriggerValue("awake", true);
  }

  function drawn(turn, number) {
    const part = made("div", `turn ${turn.role}`);
    if (turn.role === "user") {
      part.append(turn.text);
      return part;
    }
    const who = made("div", "who", turn.speaker);
    if (turn.ways > 1) {
      who.append(way("‹", -1, turn, number), `way ${turn.way + 1} of ${turn.ways}`, way("›", 1, turn, number));
    }
    if (turn.facts) who.append(made("span", "facts", turn.facts));
    part.append(who, said(turn, number));
    if (turn.state) part.append(made("div", "state", turn.state));
    if (turn.pages?.length) part.append(pages(turn.pages));
    return part;
  }

  function way(sign, step, turn, number) {
    const button = made("button", "", sign);
    button.type = "button";
    button.ariaLabel = step < 0 ? "The way before" : "The next way";
    button.disabled = turn.way + step < 0 || turn.way + step >= turn.ways;
    button.onclick = () => setTriggerValue("turned", { turn: number, step });
    return button;
  }

  function said(turn, number) {
    const line = made("div", "said");
    if (!turn.tokens) {
      line.append(turn.text);
      return line;
    }
    const marked = data.marked && data.marked[0] === number ? data.marked[1] : -1;
    turn.tokens.forEach(([piece, share, chosen], place) => {
      const token = made("span", `${chosen ? "mine" : ""} ${place === marked ? "marked" : ""}`.trim(), piece);
      token.dataset.spot = `${number}-${place}`;
      token.setAttribute("role", "button");
      token.tabIndex = place === Math.max(marked, 0) ? 0 : -1;
      token.style.setProperty("--doubt", data.shade ? `${Math.round(100 * (1 - share))}%` : "0%");
      if (data.shade) token.title = `${(100 * share).toFixed(1)}%`;
      token.ariaLabel = `${piece.trim() || "space"}${data.shade ? `, ${Math.round(100 * share)} percent` : ""}`;
      token.onclick = () => setTriggerValue("clicked", { turn: number, place });
      token.onkeydown = event => moved(event, token);
      line.append(token);
    });
    return line;
  }

  function moved(event, token) {
    const next = { ArrowRight: token.nextElementSibling, ArrowLeft: token.previousElementSibling }[event.key];
    if (next) {
      token.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    } else if (event.key === "Enter" || event.key === " ") {
      token.click();
    } else return;
    event.preventDefault();
  }

  function pages(hits) {
    const line = made("div", "pages", "Pages: ");
    for (const [title, slug] of hits) {
      const link = made("a", "", title);
      link.href = slug;
      line.append(link);
    }
    return line;
  }

  function made(tag, name, text = "") {
    const node = document.createElement(tag);
    node.className = name;
    node.textContent = text;
    return node;
  }
}
