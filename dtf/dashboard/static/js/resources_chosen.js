// Which workers, queues or GPUs the charts show: the first few until somebody chooses; the choice is in the address.

import { el } from "./dom.js";
import { foreign } from "./lab_words.js";

// so many are shown while nobody has chosen
const FIRST = 8;
// and so many at most: more lines than that nobody can tell apart
const MOST = 24;
// so many of those that are gone are offered
const MOST_GONE = 200;

export class Chosen {
  /**
   * @param name by which the choice stands in the address
   * @param show is told what is chosen, [{id, label}]
   * @param keep changes the address
   * @param words of the address
   * @param what those that are gone are called
   */
  constructor(name, { show, keep, words, what }) {
    Object.assign(this, { name, show, keep, what, labels: new Map(), present: [], past: null });
    this.ids = words.has(name) ? words.getAll(name).filter(Boolean) : null;
    this.shown = null;
  }

  get chosen() {
    // where nothing runs the past is all that there is
    return (this.ids ?? (this.present.length ? this.present : this.before).slice(0, FIRST)).slice(0, MOST);
  }

  /** Those that are gone; the ones that were seen last, which have names, first. */
  get before() {
    const all = [...(this.past?.ids ?? [])].filter((id) => !this.present.includes(id)).sort();
    return [...all.filter((id) => this.labels.has(id)), ...all.filter((id) => !this.labels.has(id))];
  }

  /** Those that are there now: [{id, label}]. */
  there(things) {
    things.forEach(({ id, label }) => this.labels.set(id, label));
    this.present = things.map(({ id }) => id);
    this.drawPast();
    this.tell();
  }

  /** Names of others, as the topic of workers has them. */
  named(workers) {
    for (const [id, { name }] of Object.entries(workers)) if (!this.labels.has(id)) this.labels.set(id, name);
    this.drawPast();
  }

  tell() {
    const things = this.chosen.map((id) => ({ id, label: this.labels.get(id) ?? id }));
    const told = JSON.stringify(things);
    if (told === this.shown) return;
    this.shown = told;
    this.show(things);
  }

  choose(id, is) {
    const others = this.chosen.filter((one) => one !== id);
    this.ids = is ? [...others, id] : others;
    this.keep((words) => {
      words.delete(this.name);
      this.ids.forEach((one) => words.append(this.name, one));
      // that none is chosen is a choice
      if (!this.ids.length) words.append(this.name, "");
    });
    this.tell();
  }

  /** A box that says whether it is in the charts. */
  box(id, label) {
    const act = ({ target }) => {
      if (target.checked && this.chosen.length >= MOST) {
        target.checked = false;
        target.title = `No more than ${MOST} are shown at once.`;
        return;
      }
      // as the next drawing makes it, so that it stays and keeps the focus
      target.toggleAttribute("checked", target.checked);
      this.choose(id, target.checked);
    };
    return el("input", { type: "checkbox", "aria-label": label, checked: this.chosen.includes(id), onchange: act });
  }

  /** Offer those of these ids that are not there any more. */
  gone(parent, ids) {
    this.past = { parent, ids };
    this.drawPast();
  }

  drawPast() {
    if (!this.past) return;
    const all = this.before;
    const ids = all.slice(0, MOST_GONE);
    const told = JSON.stringify(ids.map((id) => [id, this.labels.get(id)]));
    if (told === this.past.told) return;
    this.past.told = told;
    const line = (id) => el("li", {}, el("label", {}, this.box(id, undefined), " ", foreign(this.labels.get(id) ?? id)));
    const rest = all.length - ids.length;
    const words = `${this.what} that are gone: ${all.length}${rest ? `, of which ${rest} are not listed` : ""}`;
    const inside = el("details", {}, el("summary", {}, words), el("ul", { class: "plain-dtf" }, ids.map(line)));
    this.past.parent.replaceChildren(...(ids.length ? [inside] : []));
    this.tell();
  }
}
