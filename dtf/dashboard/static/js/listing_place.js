// Where a list stands - its filters, its order and its cursor - kept in the page's address, so that links and "back" work.

export class Place {
  /**
   * @param names the filters' names
   * @param scope stands before the names in the address where a page has several lists; empty: the page has one
   */
  constructor(names, scope = "") {
    this.names = names;
    this.scope = scope;
  }

  /** {filters, sort, after, before}: `before` are the cursors of the pages that led here, "" for the first. */
  read() {
    const query = new URLSearchParams(location.search);
    const at = (name) => query.get(this.named(name)) ?? "";
    const filters = {};
    for (const name of this.names) if (at(name)) filters[name] = at(name);
    return { filters, sort: at("sort"), after: at("after"), before: history.state?.[`${this.scope}before`] ?? [] };
  }

  /** Stand elsewhere. `replace`: without a step for "back", as while somebody is typing. */
  go({ filters, sort, after = "", before = [] }, replace = false) {
    const query = new URLSearchParams(location.search);
    for (const [name, value] of Object.entries({ ...this.none(), ...filters, sort, after })) {
      if (value) query.set(this.named(name), value);
      else query.delete(this.named(name));
    }
    // commas are allowed as they are, and are easier to read
    const text = query.toString().replaceAll("%2C", ",");
    const address = location.pathname + (text ? `?${text}` : "");
    const state = { ...history.state, [`${this.scope}before`]: before };
    if (replace) history.replaceState(state, "", address);
    else history.pushState(state, "", address);
  }

  none() {
    return Object.fromEntries(this.names.map((name) => [name, ""]));
  }

  named(name) {
    return this.scope ? `${this.scope}.${name}` : name;
  }
}
