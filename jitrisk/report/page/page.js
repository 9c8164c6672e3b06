
"use strict";
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const charts = JSON.parse(document.getElementById("data").textContent);
  const spoken = document.getElementById("spoken");

  const made = (tag, attributes = {}, text = "") => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.textContent = text;
    return element;
  };

  const shape = (tag, attributes) => {
    const element = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  };

  /* One figure: the point that is looked at, and the words for it. */
  class Chart {
    constructor(plot, panels) {
      this.plot = plot;
      this.panels = panels;
      this.hidden = new Set();
      this.at = null;
      this.svg = plot.querySelector("svg");
      this.describe();
      this.line = this.svg.appendChild(shape("line", { class: "crosshair", visibility: "hidden" }));
      this.ring = this.svg.appendChild(shape("circle", { class: "ring", r: 3.5, visibility: "hidden" }));
      this.tip = plot.appendChild(made("div", { class: "tip", hidden: "" }));
      this.listen();
    }

    /* The title would show as the browser's own tooltip, so what it says moves into an attribute. */
    describe() {
      const title = this.svg.querySelector("title");
      this.svg.setAttribute("aria-label", title.textContent);
      this.svg.removeAttribute("aria-labelledby");
      title.remove();
      this.plot.tabIndex = 0;
      this.plot.setAttribute("role", "application");
      this.plot.setAttribute("aria-roledescription", "chart");
      this.plot.setAttribute("aria-label", title.textContent + ". Arrow keys move along it and between its series.");
    }

    listen() {
      const follow = (event) => this.show(this.nearest(event));
      this.plot.addEventListener("pointermove", follow);
      this.plot.addEventListener("pointerdown", follow);
      this.plot.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && this.show(null));
      this.plot.addEventListener("blur", () => this.show(null));
      this.plot.addEventListener("keydown", (event) => this.key(event));
    }

    seen(panel) {
      return panel.series.map((_, number) => number).filter((number) => !this.hidden.has(panel.series[number].name));
    }

    nearest(event) {
      const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(this.svg.getScreenCTM().inverse());
      let best = null;
      let least = Infinity;
      this.panels.forEach((panel, p) => {
        const [left, top, right, bottom] = panel.box;
        if (place.x < left - 4 || place.x > right + 4 || place.y < top - 4 || place.y > bottom + 4) return;
        for (const s of this.seen(panel)) {
          panel.x.forEach((x, i) => {
            if (panel.series[s].y[i] === null) return;
            /* The distance along the abscissa counts more, so that the pointer runs along the lines. */
            const far = Math.hypot(3 * (x - place.x), panel.series[s].y[i] - place.y);
            if (far < least) [best, least] = [{ p, s, i }, far];
          });
        }
      });
      return best;
    }

    key(event) {
      const moves = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
      if (event.key === "Escape") return this.show(null);
      const move = moves[event.key];
      const ends = { Home: 0, End: Infinity };
      if (!move && !(event.key in ends)) return;
      event.preventDefault();
      const at = this.at || this.first();
      if (!at) return;
      if (this.at && move && move[1]) this.other(at, move[1]);
      else if (this.at) at.i = move ? at.i + move[0] : ends[event.key];
      at.i = Math.max(0, Math.min(at.i, this.panels[at.p].x.length - 1));
      this.show(at);
      spoken.textContent = this.words(at);
    }

    first() {
      const p = this.panels.findIndex((panel) => this.seen(panel).length);
      return p < 0 ? null : { p, s: this.seen(this.panels[p])[0], i: 0 };
    }

    /* Go to the next series that is shown, at about the same abscissa. */
    other(at, step) {
      const all = this.panels.flatMap((panel, p) => this.seen(panel).map((s) => [p, s]));
      const now = all.findIndex(([p, s]) => p === at.p && s === at.s);
      const x = this.panels[at.p].x[at.i];
      [at.p, at.s] = all[(now + step + all.length) % all.length];
      const far = this.panels[at.p].x.map((other) => Math.abs(other - x));
      at.i = far.indexOf(Math.min(...far));
    }

    words({ p, s, i }) {
      const panel = this.panels[p];
      const head = [panel.series[s].name, panel.name].filter(Boolean).join(", ");
      const said = [head, panel.series[s].texts[i]].filter(Boolean).join(": ");
      return [panel.texts[i] && [panel.across, panel.texts[i]].filter(Boolean).join(" "), said].filter(Boolean).join("; ");
    }

    show(at) {
      this.at = at;
      this.tip.hidden = !at;
      for (const mark of [this.line, this.ring]) mark.setAttribute("visibility", at ? "visible" : "hidden");
      if (!at) return;
      const panel = this.panels[at.p];
      const [, top, , bottom] = panel.box;
      const x = panel.x[at.i];
      /* A point without a value is in the table and on the keyboard's way, and has no place. */
      const y = panel.series[at.s].y[at.i] ?? (top + bottom) / 2;
      if (panel.series[at.s].y[at.i] === null) this.ring.setAttribute("visibility", "hidden");
      for (const [name, value] of Object.entries({ x1: x, x2: x, y1: top, y2: bottom })) this.line.setAttribute(name, value);
      for (const [name, value] of Object.entries({ cx: x, cy: y, stroke: panel.series[at.s].color })) this.ring.setAttribute(name, value);
      this.fill(panel, at);
      this.place(x, y);
    }

    fill(panel, at) {
      const head = panel.texts[at.i] && [panel.across, panel.texts[at.i]].filter(Boolean).join(" ");
      this.tip.replaceChildren(...(head ? [made("p", {}, head)] : []));
      for (const s of this.seen(panel)) {
        const row = made("p", s === at.s ? { class: "here" } : {});
        const swatch = shape("svg", { viewBox: "0 0 10 10", "aria-hidden": "true" });
        swatch.append(shape("circle", { cx: 5, cy: 5, r: 5, fill: panel.series[s].color }));
        row.append(swatch, [panel.series[s].name, panel.series[s].texts[at.i]].filter(Boolean).join(": "));
        this.tip.append(row);
      }
    }

    /* Beside the point, on the side with room, and within the figure as far as it is in view. */
    place(x, y) {
      const point = new DOMPoint(x, y).matrixTransform(this.svg.getScreenCTM());
      const around = this.plot.getBoundingClientRect();
      const [left, top] = [point.x - around.left, point.y - around.top];
      const { offsetWidth: width, offsetHeight: height } = this.tip;
      const beside = left + 14 + width > around.width ? left - 14 - width : left + 14;
      this.tip.style.left = `${Math.max(0, Math.min(beside, around.width - width))}px`;
      this.tip.style.top = `${Math.max(0, Math.min(top - height / 2, around.height - height))}px`;
    }

    switches(names) {
      if (!names.length) return;
      const row = made("div", { class: "switches", role: "group", "aria-label": "Strategies shown" });
      for (const name of names) {
        const button = row.appendChild(made("button", { type: "button", "aria-pressed": "true" }, name));
        button.addEventListener("click", () => this.toggle(name, names, button));
      }
      this.plot.before(row);
    }

    toggle(name, names, button) {
      const off = !this.hidden.delete(name);
      if (off) this.hidden.add(name);
      button.setAttribute("aria-pressed", String(!off));
      const start = `${this.plot.dataset.chart}-series-${names.indexOf(name)}-`;
      for (const mark of this.svg.querySelectorAll(`[id^="${start}"]`)) mark.classList.toggle("off", off);
      this.show(null);
    }
  }

  for (const plot of document.querySelectorAll("[data-chart]")) {
    const panels = charts[plot.dataset.chart];
    if (panels) new Chart(plot, panels).switches(JSON.parse(plot.dataset.toggles));
  }

  /* On paper nothing can be opened, so what belongs to the report is. */
  let closed = [];
  window.addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details.printed:not([open])")];
    for (const details of closed) details.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const details of closed) details.open = false;
  });
})();
