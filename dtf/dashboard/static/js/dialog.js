// Dialogs: one that asks before something is changed, and one that only tells.

import { el } from "./dom.js";

function opened(title, ...inside) {
  const heading = el("h3", { id: "dialog-title" }, title);
  const dialog = el("dialog", { class: "dialog-dtf", "aria-labelledby": "dialog-title" }, heading, ...inside);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

const button = (words, kind, act) => el("button", { type: "button", class: `btn btn-sm btn-${kind}`, onclick: act }, words);

/**
 * Ask before something is changed, do it, and show what came of it.
 *
 * @param title what would be done, as a question
 * @param words what will happen then: texts and elements
 * @param yes the words on the button that does it
 * @param act does it, and gives the words for what came of it; its error is shown, and it can be tried again
 */
export function askFirst({ title, words, yes, act }) {
  const answer = el("p", { role: "status" });
  const close = () => dialog.close();
  const no = button("Leave it", "outline-secondary", close);
  const go = button(yes, "danger", async () => {
    go.disabled = true;
    answer.textContent = "…";
    answer.className = "";
    try {
      answer.textContent = await act();
      answer.className = "is-passed";
      go.remove();
      no.textContent = "Close";
      no.focus();
    } catch (error) {
      answer.textContent = `It was not done: ${error.message}`;
      answer.className = "is-failed";
      go.disabled = false;
    }
  });
  const dialog = opened(title, el("p", {}, ...[words].flat()), answer, el("p", { class: "buttons" }, no, " ", go));
}

/**
 * Tell something that may have to be asked for.
 *
 * @param title what it is
 * @param ask gives the elements to show; its error is shown
 */
export async function tellMore(title, ask) {
  const told = el("div", { "aria-live": "polite" }, "…");
  const dialog = opened(title, told, el("p", { class: "buttons" }, button("Close", "outline-secondary", () => dialog.close())));
  try {
    told.replaceChildren(...(await ask()));
  } catch (error) {
    told.replaceChildren(el("p", { class: "is-failed", role: "alert" }, error.message));
  }
}
