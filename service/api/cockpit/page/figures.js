// Numbers as the reader's language writes them. What the service tells stays exact text until it is shown.

import { language } from "./words.js";

const written = (value, options) => new Intl.NumberFormat(language(), options).format(Number(value));
const known = (value) => value !== null && value !== undefined && value !== "";

export const money = (value, currency) =>
  known(value) ? written(value, { style: "currency", currency, maximumFractionDigits: 0 }) : "–";
export const number = (value, digits = 0) => (known(value) ? written(value, { maximumFractionDigits: digits }) : "–");
export const ratio = (value) => (known(value) ? written(value, { style: "percent", maximumFractionDigits: 1 }) : "–");
export const short = (value) => written(value, { notation: "compact", maximumSignificantDigits: 3 });

/** A value of an indicator, by its unit. */
export function figure(value, unit, currency) {
  if (unit.startsWith("money")) return money(value, currency);
  if (unit === "ratio") return ratio(value);
  return number(value, 2);
}

/** "2026-03" as the reader's language writes a month. */
export function month(text) {
  const [year, place] = text.split("-").map(Number);
  return new Intl.DateTimeFormat(language(), { month: "short", year: "2-digit" }).format(new Date(year, place - 1, 1));
}
