// What a page knows of the laboratory: told over a WebSocket as it changes; asked for at an interval while there is none.

const body = document.body;
const prefix = body.dataset.prefix;
const intervalMs = 1000 * Number(body.dataset.intervalS);
// a server that says nothing for so long is not there, whatever the socket thinks: it says something each second
const SILENCE_MS = 5000;
const AGAIN_MS = [250, 500, 1000, 2000, 4000];

const known = new Map(); // topic -> {value, version, asOf}
const wanting = new Map(); // topic -> [function of (value, asOf)]
const states = []; // functions of (state, words)
let socket = null;
let failures = 0;
let heardAt = 0;
let polling = null;
let state = "connecting";

/** Call `render(value, asOf)` whenever something of a topic changes, or is confirmed: `value` is a plain object. */
export function on(topic, render) {
  wanting.set(topic, [...(wanting.get(topic) ?? []), render]);
  const there = known.get(topic);
  if (there) render(there.value, there.asOf);
  subscribe([topic]);
}

/** Call `render(state, words)` when the connection changes: live, polling or connecting. */
export function onState(render) {
  states.push(render);
  render(state, "");
}

/** The path of an address of the dashboard's. */
export function at(path) {
  return prefix + path;
}

/** Ask for JSON; throws an Error whose message is for people. */
export async function ask(path, options = {}) {
  const response = await fetch(at(path), { headers: { Accept: "application/json" }, ...options });
  const told = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(told.detail || `${response.status} ${response.statusText}`);
  return told;
}

/** Send JSON by a method; as `ask`. */
export function send(method, path, value) {
  const headers = { Accept: "application/json", "Content-Type": "application/json" };
  return ask(path, { method, headers, body: JSON.stringify(value ?? {}) });
}

function setState(next, words = "") {
  if (next === state && !words) return;
  state = next;
  states.forEach((render) => render(state, words));
}

function tell(topic, confirmed = false) {
  const there = known.get(topic);
  for (const render of wanting.get(topic) ?? []) render(there.value, there.asOf, confirmed);
}

function subscribe(topics) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type: "subscribe_to_monitoring", topics }));
}

function patched(value, patch) {
  if (patch === null || typeof patch !== "object" || Array.isArray(patch)) return patch;
  const whole = value !== null && typeof value === "object" && !Array.isArray(value) ? { ...value } : {};
  for (const [name, change] of Object.entries(patch)) {
    if (change === null) delete whole[name];
    else whole[name] = patched(whole[name], change);
  }
  return whole;
}

function take(message) {
  heardAt = Date.now();
  if (message.type === "notification") {
    states.forEach((render) => render(state, message.text));
    return;
  }
  if (message.topic === undefined) {
    for (const [topic, there] of known) {
      there.asOf = message.as_of;
      tell(topic, true);
    }
    states.forEach((render) => render(state, ""));
    return;
  }
  const there = known.get(message.topic);
  if ("value" in message) {
    known.set(message.topic, { value: message.value, version: message.version, asOf: message.as_of });
  } else if (there && there.version === message.from) {
    there.value = patched(there.value, message.patch);
    there.version = message.version;
    there.asOf = message.as_of;
  } else {
    // a change is missing
    socket?.send(JSON.stringify({ type: "request_monitoring_update", topics: [message.topic] }));
    return;
  }
  if (known.get(message.topic).asOf) tell(message.topic);
}

function connect() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const mine = new WebSocket(`${scheme}://${location.host}${at("/ws")}`);
  socket = mine;
  heardAt = Date.now();
  mine.onopen = () => {
    failures = 0;
    subscribe([...wanting.keys()]);
  };
  mine.onmessage = (event) => {
    if (socket !== mine) return;
    if (polling) stopPolling();
    setState("live");
    take(JSON.parse(event.data));
  };
  mine.onclose = () => {
    if (socket === mine) lost();
  };
}

function lost() {
  const gone = socket;
  socket = null;
  gone?.close();
  if (!polling) startPolling();
  setTimeout(connect, AGAIN_MS[Math.min(failures++, AGAIN_MS.length - 1)]);
}

function startPolling() {
  setState("polling");
  poll();
  polling = setInterval(poll, intervalMs);
}

function stopPolling() {
  clearInterval(polling);
  polling = null;
}

async function poll() {
  for (const topic of wanting.keys()) {
    try {
      const { as_of: asOf, ...value } = await ask(`/api/live/${topic}`);
      if (!polling) return;
      // no version: the socket tells the whole first when it is back
      known.set(topic, { value, version: -1, asOf });
      tell(topic);
      states.forEach((render) => render("polling", ""));
    } catch (error) {
      states.forEach((render) => render("away", error.message));
      return;
    }
  }
}

setInterval(() => {
  if (socket && Date.now() - heardAt > SILENCE_MS) lost();
}, 1000);

connect();
