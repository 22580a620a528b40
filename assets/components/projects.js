// The projects as pictures with their names; picking one opens its lesson without loading the page anew.
export default function ({ data, parentElement, setTriggerValue }) {
  const list = parentElement.querySelector(".rl-projects");
  const text = JSON.stringify(data.projects);
  if (list.dataset.shown === text) return;
  list.dataset.shown = text;
  list.replaceChildren(
    ...data.projects.map(({ slug, title, picture }) => {
      const item = document.createElement("li");
      const link = document.createElement("a");
      const image = document.createElement("img");
      const name = document.createElement("span");
      link.href = new URL(slug, document.baseURI).href;
      Object.assign(image, { src: new URL(picture, document.baseURI).href, alt: "", width: 384, height: 240 });
      name.textContent = title;
      link.append(image, name);
      link.addEventListener("click", event => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a new tab, as with any link
        event.preventDefault();
        setTriggerValue("opened", slug);
      });
      item.append(link);
      return item;
    }),
  );
}
