// The search: lessons, terms and symbols are found in the browser, from one file that is fetched when somebody begins.
// "/" goes to the box from anywhere; where the page has none, it opens over the page.
const MOST = 12;
const boxes = new WeakMap();
const search = (window.roadmapLabSearch ??= { box: null, index: null });

const words = text =>
  text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .match(/[\p{L}\p{N}_]+|[^\s\p{L}\p{N}\p{P}]/gu) ?? [];

// Fetched once a visit; the next key tries again where that failed.
function fetched(address) {
  search.index ??= fetch(new URL(address, document.baseURI))
    .then(answer => (answer.ok ? answer.json() : Promise.reject(new Error(answer.status))))
    .then(items => items.map(item => ({ ...item, parts: item.fields.map(([worth, text]) => [worth, words(text)]) })));
  search.index.catch(() => {
    search.index = null;
  });
  return search.index;
}

// What an item is worth for a search: 0 if one of the words begins no word of it; a name that is the search comes first.
function score(item, wanted) {
  const found = wanted.map(word =>
    item.parts.reduce((sum, [worth, known]) => sum + (known.some(each => each.startsWith(word)) ? worth : 0), 0),
  );
  if (!found.length || !found.every(Boolean)) return 0;
  const whole = item.parts[0][1].includes(wanted.join(" ")) || words(item.name).join(" ") === wanted.join(" ");
  return found.reduce((sum, worth) => sum + worth, whole ? 10 : 0);
}

function part(kind, className, text = "", attributes = {}) {
  const made = document.createElement(kind);
  made.className = className;
  made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

class Box {
  constructor(root, inline) {
    this.root = root;
    this.input = part("input", "", "", {
      type: "text",
      role: "combobox",
      autocomplete: "off",
      spellcheck: "false",
      maxlength: "100",
      "aria-label": "Search lessons, terms and symbols",
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": "rl-search-list",
      placeholder: "Search: dropout, gradient, η … (press /)",
    });
    this.list = part("ul", "", "", { id: "rl-search-list", role: "listbox", "aria-label": "Lessons and terms" });
    this.list.hidden = true;
    this.said = part("p", "rl-s-said", "", { role: "status" });
    const inside = [this.input, this.list, this.said];
    if (inline) root.replaceChildren(...inside);
    else {
      this.over = part("dialog", "rl-s-over", "", { "aria-label": "Search" });
      this.over.append(...inside);
      this.over.addEventListener("click", event => event.target === this.over && this.over.close());
      root.replaceChildren(this.over);
    }
    this.input.addEventListener("focus", () => fetched(this.address).catch(() => {}));
    this.input.addEventListener("input", () => this.find());
    this.input.addEventListener("keydown", event => this.key(event));
  }

  begin() {
    this.over?.showModal();
    this.input.focus();
    this.input.select();
  }

  async find() {
    const asked = this.input.value;
    const wanted = words(asked);
    try {
      const items = await fetched(this.address);
      if (asked !== this.input.value) return; // typed on meanwhile
      const scored = items.map(item => [score(item, wanted), item]).filter(([worth]) => worth);
      scored.sort(([one], [other]) => other - one);
      this.show(
        scored.slice(0, MOST).map(([, item]) => item),
        scored.length,
        asked.trim(),
      );
    } catch {
      this.show([], 0, "");
      this.said.textContent = "The search could not be loaded: check the connection and type on.";
    }
  }

  show(items, count, asked) {
    this.items = items;
    this.at = -1;
    this.list.replaceChildren(...items.map((item, place) => this.option(item, place)));
    this.list.hidden = !items.length;
    this.input.setAttribute("aria-expanded", String(items.length > 0));
    this.input.removeAttribute("aria-activedescendant");
    const more = count > items.length ? `, the best ${items.length} shown` : "";
    const none = `Nothing is called “${asked.slice(0, 60)}”. Try a single word, such as “gradient”.`;
    this.said.textContent = items.length ? `${count} found${more}. Arrow keys choose, Enter opens.` : asked ? none : "";
  }

  option(item, place) {
    const row = part("li", "", "", { id: `rl-search-${place}`, role: "option", "aria-selected": "false" });
    row.append(part("strong", "", item.name), part("span", "rl-s-shown", item.shown));
    if (item.lesson) row.append(part("span", "rl-s-lesson", item.lesson));
    row.addEventListener("pointerdown", event => event.preventDefault()); // the field keeps the focus
    row.addEventListener("click", () => this.choose(place));
    return row;
  }

  move(to) {
    const rows = [...this.list.children];
    this.at = (to + rows.length) % rows.length;
    rows.forEach((row, place) => row.setAttribute("aria-selected", String(place === this.at)));
    this.input.setAttribute("aria-activedescendant", rows[this.at].id);
    rows[this.at].scrollIntoView({ block: "nearest" });
  }

  choose(place) {
    const item = this.items?.[place];
    if (!item) return;
    this.input.value = "";
    this.show([], 0, "");
    this.over?.close();
    this.open(item.slug);
  }

  key(event) {
    const count = this.items?.length ?? 0;
    if (event.key === "ArrowDown" && count) this.move(this.at + 1);
    else if (event.key === "ArrowUp" && count) this.move(this.at < 0 ? -1 : this.at - 1);
    else if (event.key === "Enter") this.choose(Math.max(this.at, 0));
    else if (event.key === "Escape" && this.input.value) {
      this.input.value = "";
      this.show([], 0, "");
    } else return;
    event.preventDefault();
  }
}

// Every link to a page of the hub opens it in the visit under way: those of the contents (pages/ui/contents.py), and any
// in a page, which Markdown would open in another tab. Streamlit's own links do so already; one that sets controls loads
// its page, for Streamlit binds them to the address as it loads.
function follow(event) {
  const link = event.target.closest?.("a[href]");
  if (!link || link.download || link.hash || link.closest("[data-testid=stPageLink]")) return;
  if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const entry = [...document.querySelectorAll(".rl-contents a")].find(
    each => each.origin === link.origin && each.pathname === link.pathname,
  );
  if (!entry || !search.box?.root.isConnected || /[?&](?!lang=)/.test(link.search)) return;
  event.preventDefault();
  if (link === entry) {
    const drawn = new MutationObserver(() => refocus(link.dataset.opens) && drawn.disconnect());
    drawn.observe(link.closest('[data-testid="stSidebarContent"]'), { childList: true, subtree: true });
    if (innerWidth < 768) document.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click();
  }
  search.box.open(entry.dataset.opens);
}

// The contents are drawn anew for the page that was opened: the keyboard stays at the link it followed.
function refocus(place) {
  const link = document.querySelector(`.rl-contents a[data-opens="${place}"][aria-current]`);
  if (link && document.activeElement === document.body) link.focus({ preventScroll: true });
  return link;
}

if (!search.listening) {
  search.listening = true;
  document.addEventListener("click", follow);
  document.addEventListener("keydown", event => {
    const typing = event
      .composedPath()[0]
      ?.matches?.("input, textarea, select, [contenteditable], [contenteditable] *");
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || typing) return;
    if (!search.box?.root.isConnected) return;
    event.preventDefault();
    search.box.begin();
  });
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".rl-search");
  if (!boxes.has(root)) boxes.set(root, new Box(root, data.inline));
  const box = boxes.get(root);
  box.address = data.index;
  box.open = slug => setTriggerValue("opened", slug);
  search.box = box;
}
