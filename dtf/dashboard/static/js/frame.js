// On every page: how the connection stands.

import { onState } from "./live.js";

const element = document.getElementById("connection");
const WORDS = {
  live: "live",
  connecting: "connecting …",
  polling: `connection lost: asking every ${Number(document.body.dataset.intervalS)} s`,
  away: "the dashboard does not answer",
};

onState((state, words) => {
  const text = words ? `${WORDS[state]}: ${words}` : WORDS[state];
  const shownState = words ? "away" : state;
  if (element.textContent !== text) element.textContent = text;
  if (element.dataset.state !== shownState) element.dataset.state = shownState;
});
