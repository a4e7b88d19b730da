// What an operator can have a breaker do: each is asked about first, with what will happen and why it is done.

import { askFirst } from "./dialog.js";
import { el } from "./dom.js";
import { foreign } from "./lab_words.js";
import { send } from "./live.js";

const LONGEST_REASON = 500;

// the word of the API, that of the mode, the button, and what will happen
const ACTIONS = [
  [
    "open",
    "forced_open",
    "Force open",
    "No work goes there any more, and no probe, until somebody sets it to something else. What runs there goes on to its end; what waits goes to other hardware that can run it, or waits.",
  ],
  [
    "close",
    "forced_closed",
    "Force closed",
    "All work goes there, whatever it is believed to be: if it is bad, attempts fail there by the infrastructure and are tried again. A quarantine of it ends.",
  ],
  [
    "metrics",
    "metrics_only",
    "Metrics only",
    "It goes on deciding and telling, but keeps no work away: to see what it would do.",
  ],
  ["auto", "auto", "Automatic", "It decides by itself again, beginning with what it believes now."],
];

/**
 * The buttons, which stay as they are while the breaker changes: what it does just now is pressed.
 *
 * @param current gives the breaker
 * @param done is called after each change
 * @returns the elements, and `show()`, to be called when the breaker may have changed
 */
export function actions(current, done) {
  const made = ACTIONS.map(([word, mode, title, words]) => {
    const act = () => current().mode !== mode && confirm(current(), word, title, words, done);
    return { mode, button: el("button", { type: "button", class: "btn btn-sm btn-outline-secondary", onclick: act }, title) };
  });
  const show = () => {
    for (const { mode, button } of made) {
      const is = current().mode === mode;
      button.setAttribute("aria-pressed", String(is));
      button.classList.toggle("active", is);
    }
  };
  return { elements: made.flatMap(({ button }) => [button, " "]), show };
}

function confirm({ hardware, name, target }, word, title, words, done) {
  const reason = el("input", { class: "form-control form-control-sm", name: "reason", maxlength: LONGEST_REASON, autocomplete: "off" });
  const field = el("label", { class: "reason-dtf" }, "Why (kept in the ledger, for all to see)", reason);
  askFirst({
    title: `${title}?`,
    words: [foreign(target), `: ${words}`, field],
    yes: title,
    act: async () => {
      const path = `/api/v1/breakers/${encodeURIComponent(hardware)}/${encodeURIComponent(name)}`;
      const told = await send("POST", path, { mode: word, reason: reason.value.trim() });
      reason.disabled = true;
      done();
      const now = { forced_open: "forced open", forced_closed: "forced closed", metrics_only: "set to metrics only", auto: "automatic" }[told.mode];
      return `It is ${now} now.${told.note ? ` But ${told.note}.` : ""}`;
    },
  });
}
