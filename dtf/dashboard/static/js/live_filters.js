// Filters over rows that the page has all of, kept in its address.
//
//   const filters = new LiveFilters(parent, {
//     filters: [...],                                  // as in listing.js
//     has: {state: (row) => [row.status], search: (row) => [row.name, row.host]},   // what a row has of each
//     changed: () => draw(),
//   });
//   filters.passed(rows)      // those that are like that

import { Filters } from "./listing_filters.js";
import { Place } from "./listing_place.js";

export class LiveFilters {
  constructor(parent, { filters, has, changed, scope = "" }) {
    this.kinds = new Map(filters.map(({ name, kind }) => [name, kind]));
    this.has = has;
    this.place = new Place([...this.kinds.keys()], scope);
    this.controls = new Filters(filters, (values, typing) => {
      this.place.go({ filters: values }, typing);
      this.values = values;
      changed();
    });
    this.values = this.place.read().filters;
    this.controls.show(this.values);
    parent.append(this.controls.element);
    addEventListener("popstate", () => {
      this.values = this.place.read().filters;
      this.controls.show(this.values);
      changed();
    });
  }

  setOptions(name, options) {
    this.controls.setOptions(name, options);
  }

  get any() {
    return Object.keys(this.values).length > 0;
  }

  passed(rows) {
    return rows.filter((row) => Object.entries(this.values).every(([name, value]) => this.fits(name, value, this.has[name](row))));
  }

  fits(name, value, words) {
    if (this.kinds.get(name) !== "search") return value.split(",").some((one) => words.includes(one));
    const wanted = value.toLowerCase();
    return words.some((word) => String(word).toLowerCase().includes(wanted));
  }
}
