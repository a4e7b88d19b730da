// Asks before something is changed, and says what came of it.

import { el } from "./dom.js";

/**
 * Ask in a dialog; resolves to whether it was done.
 *
 * @param title the question
 * @param words what will happen: a text, or texts and elements
 * @param button what the button that does it says
 * @param act does it: an async function; what it throws is shown, and it can be tried again
 */
export function askFirst({ title, words, button, act }) {
  const heading = el("h3", { id: "ask-title" }, title);
  const said = el("p", { role: "alert", class: "is-failed" });
  const no = el("button", { type: "button", class: "btn btn-outline-secondary" }, "Leave it");
  const yes = el("button", { type: "button", class: "btn btn-danger" }, button);
  const buttons = el("p", { class: "buttons" }, no, " ", yes);
  const dialog = el("dialog", { class: "dialog-dtf", "aria-labelledby": "ask-title" }, heading, el("p", {}, words), said, buttons);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    let isDone = false;
    no.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(isDone);
    });
    yes.addEventListener("click", async () => {
      yes.disabled = true;
      said.textContent = "";
      try {
        await act();
        isDone = true;
        dialog.close();
      } catch (error) {
        said.textContent = `It was not done: ${error.message}`;
        yes.disabled = false;
      }
    });
  });
}
