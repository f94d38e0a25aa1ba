// "Why?": a dialog that tells where a number comes from, and leads on to the numbers that it rests on.

import { ask, inPath } from "./api.js";
import { el } from "./elements.js";
import { figure, money, number, ratio } from "./figures.js";
import { say } from "./words.js";

const dialog = () => document.getElementById("why");

function show(title, parts, back) {
  const menu = el(
    "menu",
    {},
    back ? el("button", { type: "button", onclick: back }, say("back")) : null,
    el("button", { type: "button", class: "main", onclick: () => dialog().close() }, say("close")),
  );
  dialog().replaceChildren(el("h2", { id: "why-title" }, title), ...parts.filter(Boolean), menu);
  if (!dialog().open) dialog().showModal();
}

const said = (word, text) => (text ? el("div", {}, el("p", { class: "quiet" }, say(word)), el("code", {}, text)) : null);

async function opened(tell) {
  try {
    await tell();
  } catch (refusal) {
    show(say("why"), [el("p", { class: "bad" }, refusal.message || say("offline"))]);
  }
}

const button = (name, tell) =>
  el("button", { type: "button", class: "link", "aria-label": `${say("why")} ${name}`, onclick: () => opened(tell) }, say("why"));

/** Of a plan's number, as `revenue.u1.A`. */
export const whyOfPlan = (plan, name, path) => button(name, () => ofPlan(plan, path, []));

async function ofPlan(plan, path, way) {
  const told = await ask(`plans/${plan}/explanation`, { number: path, limit: 1 });
  const one = told.numbers[0];
  const onward = [...way, path];
  const terms = one.terms.map((term) =>
    el(
      "li",
      {},
      el("button", { type: "button", class: "link", onclick: () => opened(() => ofPlan(plan, term.number, onward)) }, term.name),
      ` = ${term.value}`,
    ),
  );
  const source = one.source ? el("p", {}, `${say("source")}: ${one.source}${one.n === null ? "" : ` (n = ${one.n})`}`) : null;
  const units = told.units.map((unit) => `${unit.unit}: ${[unit.salesperson, unit.channel].filter(Boolean).join(" · ") || "–"}`);
  show(
    `${path} = ${one.value}`,
    [
      el("p", {}, one.meaning),
      said("formula", one.formula),
      said("numbers", one.with_numbers),
      source,
      terms.length ? el("p", { class: "quiet" }, say("rests")) : null,
      terms.length ? el("ul", {}, terms) : null,
      units.length ? el("p", { class: "quiet" }, units.join(" — ")) : null,
    ],
    way.length ? () => opened(() => ofPlan(plan, way.at(-1), way.slice(0, -1))) : null,
  );
}

/** Of an indicator's value, from a row of KPIs. */
export const whyOfIndicator = (name, row) =>
  button(name, async () => {
    const one = await ask(`indicators/${row.indicator}`);
    const parts = row.denominator === null ? row.numerator : `${row.numerator} / ${row.denominator}`;
    show(`${name} = ${figure(row.value, row.unit, row.currency)}`, [
      el("p", {}, one.meaning),
      said("formula", one.formula),
      said("numbers", parts && `${parts} = ${row.value}`),
      row.n === null ? null : el("p", {}, say("cases", { n: number(row.n) })),
      row.reason ? el("p", {}, row.reason) : null,
      el("p", { class: "quiet" }, `${say("source")}: ${one.source}`),
    ]);
  });

/** Of a customer's class and segment. */
export const whyOfCustomer = (subsidiary, code) =>
  button(code, async () => {
    const card = await ask(`customers/${encodeURIComponent(subsidiary)}/${inPath(code)}`);
    const limits = { share: ratio(card.share_before), limit: ratio(card.limit_share) };
    show(`${card.name ?? code} · ${card.effective_class} · ${card.effective_segment}`, [
      el("p", {}, say("code", { code: card.class_code })),
      el("p", {}, `${say("revenue")}: ${money(card.revenue, card.currency)} · ${say("gap")}: ${money(card.gap, card.currency)} · ${say("wallet_share")}: ${ratio(card.wallet_share)}`),
      card.limit_share === null ? null : el("p", {}, say("before_him", limits)),
      card.to_next_class === null ? null : el("p", {}, say("next", { amount: money(card.to_next_class, card.currency) })),
    ]);
  });
