// Elements of the page. Text is always set as text: nothing that the service tells becomes markup.

const SVG = "http://www.w3.org/2000/svg";

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

export const el = (tag, attributes = {}, ...children) => filled(document.createElement(tag), attributes, children);
export const shape = (tag, attributes = {}, ...children) =>
  filled(document.createElementNS(SVG, tag), attributes, children);

/**
 * A table. Columns are {title, of(row), number}; `of` gives text or an element. The first column heads its row.
 */
export function table(caption, columns, rows, rowClass = () => null) {
  const head = columns.map((one) => el("th", { scope: "col", class: one.number && "number" }, one.title));
  const body = rows.map((row) =>
    el(
      "tr",
      { class: rowClass(row) },
      columns.map((one, place) =>
        place === 0
          ? el("th", { scope: "row" }, one.of(row))
          : el("td", { class: one.number && "number" }, one.of(row) ?? "–"),
      ),
    ),
  );
  const whole = el("table", {}, el("caption", {}, caption), el("thead", {}, el("tr", {}, head)), el("tbody", {}, body));
  return el("div", { class: "wide", tabindex: "0", role: "region", "aria-label": caption }, whole);
}

const WIDEST = 720;
const HIGH = 260;
const FOOT = 34;
const LEFT = 76;
const ROOM_OF_A_LABEL = 52;

/** The first round number from here on: 1, 2, 2.5 or 5 times a power of ten. */
function round(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 2.5, 5, 10].map((times) => times * power).find((one) => one >= value * (1 - 1e-9));
}

/**
 * Bars of one series and, beside them, another: a line over months, bars over kinds. From zero, over the same labels.
 * `told` says in words what is to be seen. Series are {name, values} with null where nothing is known.
 */
export function chart(told, labels, one, other, format, { months = true } = {}) {
  const wide = Math.min(WIDEST, document.getElementById("content").clientWidth - 34);
  const known = [...one.values, ...other.values].filter((value) => value !== null);
  const most = round(Math.max(1e-6, ...known));
  const lowest = Math.min(0, ...known);
  const least = lowest < 0 ? -round(-lowest) : 0;
  const y = (value) => 12 + ((most - value) / (most - least)) * (HIGH - FOOT - 12);
  const step = (wide - LEFT - 8) / labels.length;
  const x = (place, share) => LEFT + step * (place + share);
  const grid = [least, 0, most / 2, most].flatMap((value) => [
    shape("line", { class: "axis", x1: LEFT, x2: wide, y1: y(value), y2: y(value) }),
    shape("text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, format(value)),
  ]);
  const bars = (values, kind, from, to) =>
    values.map((value, place) => {
      if (value === null) return null;
      const box = { x: x(place, from), width: step * (to - from), y: y(Math.max(0, value)), height: Math.abs(y(0) - y(value)) };
      return shape("rect", { class: kind, ...box });
    });
  const line = (values) => {
    const points = values.map((value, place) => value !== null && [x(place, 0.5), y(value)]).filter(Boolean);
    const dots = points.map(([cx, cy]) => shape("circle", { class: "second", cx, cy, r: 3.5 }));
    return points.length ? [shape("polyline", { class: "line", points: points.join(" ") }), ...dots] : [];
  };
  const every = Math.max(1, Math.ceil(ROOM_OF_A_LABEL / step));
  const names = labels.map((label, place) =>
    place % every ? null : shape("text", { x: x(place, 0.5), y: HIGH - 10, "text-anchor": "middle" }, label),
  );
  const drawn = months
    ? [...bars(one.values, "first", 0.15, 0.85), ...line(other.values)]
    : [...bars(one.values, "first", 0.15, 0.5), ...bars(other.values, "second", 0.5, 0.85)];
  const size = { viewBox: `0 0 ${wide} ${HIGH}`, width: wide, height: HIGH };
  const shown = [[one, "first"], [other, "second"]].filter(([series]) => series.values.some((value) => value !== null));
  const legend = shown.map(([series, kind]) => el("li", {}, el("i", { class: kind }), series.name));
  return el("div", {}, el("ul", { class: "legend" }, legend), shape("svg", { class: "chart", ...size, role: "img", "aria-label": told }, grid, drawn, names));
}
