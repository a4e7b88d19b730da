// Elements without markup: what somebody else wrote is only ever text.

/** An element: `el("td", {class: "n", title: "…"}, "text", other)`; undefined and false children are left out. */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== false && child !== null));
  return element;
}

/** Have an element's children be these, keeping by `data-key` those that are there already. */
export function keyed(parent, rows, key, make, update) {
  const there = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let place = parent.firstElementChild;
  for (const row of rows) {
    const name = String(key(row));
    let child = there.get(name);
    if (child) there.delete(name);
    else {
      child = make(row);
      child.dataset.key = name;
    }
    update?.(child, row);
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
  }
  for (const child of there.values()) child.remove();
}

/** A mark with a state's name: the word says it, the colour only helps. */
export function badge(word, kind = word) {
  return el("span", { class: `badge-dtf is-${kind.replace(/[^a-z_]/g, "")}` }, word.replaceAll("_", " "));
}

/** A link. */
export function link(href, ...children) {
  return el("a", { href }, ...children);
}

/** What a page says where there is nothing. */
export function nothing(words, next) {
  return el("p", { class: "nothing" }, words, next ? [" ", el("code", {}, next)] : undefined);
}
