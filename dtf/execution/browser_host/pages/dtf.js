// Put into every document of the page's own origin before its scripts: window.dtf, described in docs/pages.md.
(({ origin, own, args, windows }) => {
  if (location.origin !== origin || "dtf" in window) return;
  const sent = new Set();
  const text = (value) => (value?.message === undefined ? String(value ?? "") : `${value.name}: ${value.message}`);
  const uncaught = [];
  let number = 0;
  // A script of the page that handles an error itself says so by preventDefault().
  addEventListener("error", (event) => uncaught.push(event));
  addEventListener("unhandledrejection", (event) => uncaught.push(event));

  // The host reads lines of the console that begin so, and tells them where no report came.
  addEventListener("securitypolicyviolation", (event) => {
    if (event.disposition === "enforce" && String(event.blockedURI).startsWith(origin)) {
      console.error(`dtf: the page's content security policy (${event.effectiveDirective}) kept a report from dtf`
        + "; it has to allow connect-src 'self'");
    }
  });
  // What is on its way when the verdict is sent is named in it: dtf waits for that before it closes the page.
  const post = (path, body) => {
    const id = `${performance.timeOrigin}-${(number += 1)}`;
    sent.add(id);
    return fetch(`${own}${path}${path.includes("?") ? "&" : "?"}id=${id}`, { method: "POST", body })
      .then((answer) => { if (!answer.ok) throw new Error(`dtf did not take it: ${answer.status} ${answer.statusText}`); })
      .finally(() => sent.delete(id));
  };
  // A verdict has arrived before its call returns: the script behind it may never end, and what it fetches is sent only
  // when it does.
  const postNow = (path, body) => {
    const request = new XMLHttpRequest();
    request.open("POST", `${own}${path}?id=${performance.timeOrigin}-${(number += 1)}`, false);
    try {
      request.send(body);
      return Promise.resolve();
    } catch {
      return post(path, body); // while a document is taken down nothing is sent so
    }
  };
  // What is said in one go travels together.
  let waiting = [];
  let size = 0;
  let travels = null;
  const flush = (how = post) => {
    const [messages, done] = [waiting, travels];
    [waiting, size, travels] = [[], 0, null];
    if (messages.length === 0) return Promise.resolve();
    how("messages", JSON.stringify({ messages, pending: [...sent] }))
      .catch((error) => console.error(`dtf: ${error.message}`)).then(done.resolve);
    return done.promise;
  };
  const say = (kind, words, now = false) => {
    if (travels === null) {
      travels = {};
      travels.promise = new Promise((resolve) => { travels.resolve = resolve; });
      queueMicrotask(() => flush());
    }
    const { promise } = travels;
    waiting.push({ kind, ...words });
    size += 200 + (words.message?.length ?? 0) + (words.details?.length ?? 0);
    if (now || size > 100_000) flush(now ? postNow : post);
    return promise;
  };
  const short = (value, most) => text(value).slice(0, most);
  // The first verdict counts. Requests overtake each other, so it is decided here which was the first.
  let decided = "";
  const verdict = (kind, words) => {
    if (decided) return kind === decided ? Promise.resolve() : say("late", { late: kind, ...words });
    decided = kind;
    return say(kind, {
      ...words,
      uncaught: uncaught.filter((event) => !event.defaultPrevented).slice(0, 5)
        .map((event) => short(event.error ?? event.reason ?? event.message, 2000)),
    }, true);
  };

  // Each window costs the browser some time: beyond a number that are open there are no more, as with a popup blocker.
  let opened = [];
  const open = window.open.bind(window);
  window.open = (...words) => {
    opened = opened.filter((one) => !one.closed);
    if (opened.length >= windows) return null;
    const one = open(...words);
    if (one) opened.push(one);
    return one;
  };

  const dtf = {
    args: Object.freeze({ ...args }),
    pass: (message = "") => verdict("pass", { message: short(message, 4000) }),
    fail: (message = "the page says so", details = message?.stack) =>
      verdict("fail", { message: short(message, 4000), details: short(details, 100000) }),
    done: () => verdict("done", {}),
    metric: (name, value, unit = "") =>
      say("metric", { name: short(name, 200), value: Number(value), unit: short(unit, 40) }),
    log: (...words) => say("log", { message: short(words.map(text).join(" "), 20000) }),
    case: (name, outcome, message = "") =>
      say("case", { name: short(name, 500), outcome: short(outcome, 20), message: short(message, 4000) }),
    artifact: (name, content) => {
      const body = content instanceof Blob || content instanceof ArrayBuffer || ArrayBuffer.isView(content)
        ? content : typeof content === "string" ? content : JSON.stringify(content);
      return post(`artifact?name=${encodeURIComponent(short(name, 200))}`, new Blob([body]));
    },
  };
  Object.defineProperty(window, "dtf", { value: Object.freeze(dtf), enumerable: true });
})
