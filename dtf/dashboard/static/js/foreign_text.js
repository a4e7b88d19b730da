// What somebody else wrote - messages, output, logs - as text: capped, and with what cannot be seen made visible.

import { el } from "./dom.js";

const FIRST = 20_000;
const MORE = 100_000;
const counted = new Intl.NumberFormat();

// what terminals obey, and what turns the order of letters around or hides among them; line ends and tabs stay
const UNSEEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** A text in which every character can be seen: ESC is "\x1b", a right-to-left override "\u202e". */
export function visible(text) {
  return text.replaceAll("\r\n", "\n").replace(UNSEEN, (character) => {
    const code = character.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code.padStart(4, "0")}` : `\\x${code.padStart(2, "0")}`;
  });
}

/** A short text, such as a name: at most so many characters, and how many are missing. */
export function brief(text, most = 300) {
  const rest = text.length - most;
  return visible(rest <= 0 ? text : `${text.slice(0, most)} … (${counted.format(rest)} more characters)`);
}

/** A block of text: its beginning, and a button for more of it. */
export function block(text, label) {
  const pre = el("pre", { class: "foreign block-dtf", tabindex: "0", role: "group", "aria-label": label });
  const button = el("button", { type: "button", class: "btn btn-sm btn-outline-secondary" });
  const whole = el("div", {}, pre, button);
  let shown = 0;
  const show = (count) => {
    pre.append(visible(text.slice(shown, shown + count)));
    shown = Math.min(shown + count, text.length);
    button.hidden = shown >= text.length;
    button.textContent = `Show more: ${counted.format(text.length - shown)} characters are not shown`;
  };
  button.addEventListener("click", () => show(MORE));
  show(FIRST);
  return whole;
}
