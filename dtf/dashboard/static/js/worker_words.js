// A worker's figures, and what can be done about it; the same on the list and on its own page.

import { askFirst } from "./dialog.js";
import { badge, el } from "./dom.js";
import { figure } from "./figures.js";
import { brief } from "./foreign_text.js";
import { foreign, marks } from "./lab_words.js";
import { send } from "./live.js";
import { meter } from "./progress.js";

/** A figure of a worker's. */
export function of(worker, field, asOf, format, unit) {
  return figure(`workers.${worker.id}.${field}`, worker[field], asOf, format, unit);
}

/** A figure in percent, with a bar. */
export function percents(worker, field, asOf, label) {
  const value = of(worker, field, asOf, "percents");
  if (worker[field] === undefined) return value;
  return el("span", { class: "progress-dtf" }, meter(worker[field] / 100, label), " ", value);
}

/** "1 of 2": slots that run something. */
export function slots(worker, asOf) {
  return el("span", {}, of(worker, "busy_slots", asOf), " of ", of(worker, "slots", asOf));
}

/** How it does, in a word, and what is the matter. */
export function health(worker) {
  const troubles = worker.troubles.map((trouble) => el("div", { class: "soft" }, foreign(trouble, 600)));
  return el("span", {}, badge(worker.health), troubles);
}

/** Its devices as badges: each kind once for each of its marks; what does not work is marked too. */
export function hardware(worker) {
  const kinds = Object.values(worker.devices).map(({ kind, marks: signs }) => [kind, ...signs.map((mark) => mark.split(":")[0])]);
  const different = [...new Map(kinds.map((words) => [words.join(), words])).values()];
  return el("span", {}, different.flatMap(([kind, ...signs]) => [badge(kind, "kind"), " ", ...marks(signs)]));
}

/** A button that has an online worker take nothing more. */
export function drainButton(worker) {
  if (worker.status !== "online") return undefined;
  const { id, name } = worker;
  const drain = () =>
    askFirst({
      title: "Drain this worker?",
      words: [
        foreign(name),
        ": it finishes what it runs, and takes nothing more until it is started anew. The other workers go on; ",
        "what only it can run waits.",
      ],
      yes: "Drain the worker",
      act: async () => {
        await send("POST", `/api/v1/workers/${encodeURIComponent(id)}/drain`);
        return "It drains: it hears of it with its next heartbeat, within seconds.";
      },
    });
  return el("button", { type: "button", class: "btn btn-sm btn-outline-danger", onclick: drain, "aria-label": `Drain ${brief(name, 80)}` }, "Drain");
}
