// What a run's attempts print, as it comes in: the last lines, as text.

import { el } from "./dom.js";
import { shown } from "./figures.js";
import { visible } from "./foreign_text.js";
import { ask } from "./live.js";

const MOST_LINES = 2000;
const LONGEST_LINE = 2000;
const EVERY_MS = 1000;
// so much is taken without a pause, in characters; then somebody has to want more
const MOST_AT_ONCE = 16_000_000;
const counted = new Intl.NumberFormat();

export class RunLog {
  constructor(parent, runId) {
    this.path = `/api/v1/runs/${encodeURIComponent(runId)}/log`;
    this.after = "";
    this.lines = 0;
    this.cut = 0;
    this.ends = new Map(); // by attempt: its last line, which may go on
    this.follow = el("input", { type: "checkbox", class: "form-check-input", id: "log-follow", checked: true });
    this.note = el("p", { class: "soft" });
    this.box = el("div", { class: "log-dtf", tabindex: "0", role: "log", "aria-label": "Log of the run", "aria-live": "off" });
    parent.append(el("p", {}, el("label", {}, this.follow, " Follow it")), this.note, this.box);
    this.follow.addEventListener("change", () => this.follow.checked && this.refresh());
  }

  /** Ask for what came since; not while it is not followed. */
  async refresh() {
    if (this.asking || !this.follow.checked) return;
    this.asking = true;
    try {
      let goesOn = true;
      let taken = 0;
      while (goesOn && this.follow.checked && taken < MOST_AT_ONCE) {
        const told = await ask(this.path + (this.after ? `?after=${this.after}` : ""));
        told.items.forEach((piece) => this.take(piece));
        taken += told.items.reduce((sum, { text }) => sum + text.length, 0);
        goesOn = told.next !== undefined;
      }
      if (goesOn && taken >= MOST_AT_ONCE) this.follow.checked = false;
      this.say(goesOn);
    } catch (error) {
      this.note.textContent = `The log cannot be had: ${error.message}`;
    } finally {
      setTimeout(() => (this.asking = false), EVERY_MS);
    }
  }

  say(goesOn) {
    this.box.hidden = !this.lines;
    const away = this.cut ? ` The first ${counted.format(this.cut)} are not.` : "";
    const more = goesOn ? " It goes on: follow it to see more." : "";
    this.note.textContent = this.lines
      ? `${shown(this.lines, "integer", "lines")} shown.${away}${more}`
      : "Nothing has been printed. What tests print is kept with each case.";
  }

  take({ position, shard_id: shardId, attempt, text }) {
    this.after = position;
    const key = `${shardId}/${attempt}`;
    const parts = text.split("\n");
    const isAtEnd = this.box.scrollTop + this.box.clientHeight >= this.box.scrollHeight - 4;
    const last = this.ends.get(key);
    if (last) lengthen(last, parts.shift());
    const isOpen = parts.length === 0 || parts.at(-1) !== "";
    if (!isOpen) parts.pop();
    // the pieces of several attempts come in turn: each line says whose it is
    const fresh = parts.map((part) => {
      const line = el("div", { "data-of": key });
      lengthen(line, part);
      return line;
    });
    this.ends.set(key, isOpen ? (fresh.at(-1) ?? last) : undefined);
    this.box.append(...fresh.slice(-MOST_LINES));
    this.lines += fresh.length;
    this.drop();
    if (isAtEnd) this.box.scrollTop = this.box.scrollHeight;
  }

  /** Forget what is too old. */
  drop() {
    while (this.box.childElementCount > MOST_LINES) this.box.firstElementChild.remove();
    this.cut += Math.max(this.lines - MOST_LINES, 0);
    this.lines = Math.min(this.lines, MOST_LINES);
  }
}

/** Add to a line, which is cut where it becomes too long. */
function lengthen(line, text) {
  const length = Number(line.dataset.length ?? 0) + text.length;
  const room = LONGEST_LINE - Number(line.dataset.length ?? 0);
  line.dataset.length = length;
  const words = line.firstChild ?? line.appendChild(document.createTextNode(""));
  if (room > 0) words.appendData(visible(text.slice(0, room)));
  if (length <= LONGEST_LINE) return;
  const mark = line.children[0] ?? line.appendChild(el("span", { class: "soft" }));
  mark.textContent = ` … (${counted.format(length - LONGEST_LINE)} more characters)`;
}
