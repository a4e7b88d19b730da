// The controls above a list: choices of one, choices of several, and search boxes.

import { el } from "./dom.js";

const TYPING_MS = 250;

const pairOf = (option) => (Array.isArray(option) ? option : [option, option.replaceAll("_", " ")]);

export class Filters {
  /**
   * @param filters as in listing.js
   * @param changed is called with {name: value} of all filters and whether somebody is typing
   */
  constructor(filters, changed) {
    this.changed = changed;
    this.controls = new Map(filters.map((filter) => [filter.name, this.made(filter)]));
    this.element = el("form", { class: "filters", role: "search", onsubmit: (event) => event.preventDefault() });
    this.element.append(...[...this.controls.values()].map((control) => control.element));
    this.element.append(
      el("button", { type: "button", class: "btn btn-sm btn-outline-secondary", onclick: () => this.clear() }, "Clear"),
    );
  }

  values() {
    const found = {};
    for (const [name, control] of this.controls) if (control.read()) found[name] = control.read();
    return found;
  }

  /** Show these values; a box in which somebody types stays as it is. */
  show(values) {
    for (const [name, control] of this.controls) control.write(values[name] ?? "");
  }

  /** Offer other values; what is chosen stays, whether it is among them or not. */
  setOptions(name, options) {
    this.controls.get(name).offer?.(options.map(pairOf));
  }

  clear() {
    for (const control of this.controls.values()) control.write("", true);
    this.tell();
  }

  tell(typing = false) {
    this.changed(this.values(), typing);
  }

  made(filter) {
    return { select: selected, multi: several, search: searched }[filter.kind](filter, (typing) => this.tell(typing));
  }
}

function selected({ title, options = [] }, tell) {
  const select = el("select", { class: "form-select form-select-sm", onchange: () => tell() });
  const offer = (pairs) => {
    const chosen = select.value;
    select.replaceChildren(el("option", { value: "" }, "any"), ...pairs.map(([value, words]) => el("option", { value }, words)));
    write(chosen);
  };
  const write = (value) => {
    if (value && ![...select.options].some((option) => option.value === value)) select.append(el("option", { value }, value));
    select.value = value;
  };
  offer(options.map(pairOf));
  return { element: el("label", {}, title, select), read: () => select.value, write, offer };
}

function several({ title, options = [] }, tell) {
  const summary = el("summary", { class: "form-select form-select-sm" });
  const boxes = el("div", { class: "choices", role: "group", "aria-label": title });
  const element = el("details", { class: "several" }, summary, boxes);
  let chosen = [];
  const say = () => {
    const words = chosen.length ? chosen.map((value) => value.replaceAll("_", " ")).join(", ") : "any";
    summary.textContent = `${title}: ${words}`;
  };
  const tick = (event) => {
    const { value, checked } = event.target;
    chosen = checked ? [...chosen, value] : chosen.filter((one) => one !== value);
    say();
    tell();
  };
  const box = ([value, words]) =>
    el("label", {}, el("input", { type: "checkbox", class: "form-check-input", value, onchange: tick }), ` ${words}`);
  const write = (value) => {
    chosen = value ? value.split(",") : [];
    const there = [...boxes.querySelectorAll("input")];
    const missing = chosen.filter((one) => !there.some((input) => input.value === one));
    boxes.append(...missing.map((one) => box([one, one])));
    for (const input of boxes.querySelectorAll("input")) input.checked = chosen.includes(input.value);
    say();
  };
  const offer = (pairs) => {
    boxes.replaceChildren(...pairs.map(box));
    write(chosen.join(","));
  };
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    element.open = false;
    summary.focus();
  });
  element.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !element.contains(event.relatedTarget)) element.open = false;
  });
  offer(options.map(pairOf));
  return { element, read: () => chosen.join(","), write, offer };
}

function searched({ title, hint }, tell) {
  let waiting = 0;
  const later = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => tell(true), TYPING_MS);
  };
  const attributes = { type: "search", class: "form-control form-control-sm", placeholder: hint, maxlength: 200, spellcheck: "false" };
  const input = el("input", { ...attributes, oninput: later });
  const write = (value, always = false) => {
    clearTimeout(waiting);
    if (always || document.activeElement !== input) input.value = value;
  };
  return { element: el("label", {}, title, input), read: () => input.value.trim(), write };
}
