// The views. Each gives the content for a subsidiary: {code, currency}.

import { ask, askAll, askIfAny } from "./api.js";
import { chart, el, table } from "./elements.js";
import { figure, money, month, number, ratio, short } from "./figures.js";
import { whyOfCustomer, whyOfIndicator, whyOfPlan } from "./why.js";
import { say } from "./words.js";

const TILES = [
  "revenue", "growth", "margin_rate", "active_customers", "retention", "net_revenue_retention", "wallet_share", "revenue_per_hour",
];
const COMPARED = ["revenue", "margin_rate", "retention", "revenue_per_hour"];

const ALL = "all";

const worded = (kind) => (kind === ALL ? say("total") : kind);
const lasted = (one) => say("window", { first: month(one.first), last: month(one.last) });
const newest = async (path, home) => (await ask(path, { subsidiary: home.code, limit: 1 })).items[0] ?? null;
const state = (one) => el("p", { class: "quiet" }, [lasted(one.window), say("method", one), say(one.fresh ? "fresh" : "stale")].join(" · "));
const missing = (word) => [el("p", {}, say(word))];

async function overview(home) {
  const query = { subsidiary: home.code, indicators: TILES.join(","), compare: "prior" };
  const told = await askIfAny("kpis", query);
  if (!told) return missing("nothing");
  const tiles = told.items.map((row) => {
    const name = say(row.indicator);
    const shown = (value) => figure(value, row.unit, row.currency);
    return el(
      "li",
      {},
      el("span", {}, name, " ", whyOfIndicator(name, row)),
      el("span", { class: "value" }, shown(row.value)),
      el("span", { class: "quiet" }, row.reason ?? say("before", { value: shown(row.compare_value) })),
    );
  });
  const control = told.control.map((one) => {
    const amounts = Object.entries(one).map(([name, value]) => [name, name === "currency" ? value : money(value, one.currency)]);
    return el("p", { class: "quiet" }, say("adds", Object.fromEntries(amounts)));
  });
  return [el("p", { class: "quiet" }, lasted(told.window)), el("ul", { class: "tiles" }, tiles), ...control];
}

async function segments(home) {
  const one = await newest("segmentations", home);
  if (!one) return missing("noSegmentation");
  const by = async (word) => (await ask(`segmentations/${one.id}/classes`, { by: word })).items.filter((row) => row.scope === "");
  const columns = (word, of) => [
    { title: say(word), of },
    { title: say("count"), of: (row) => number(row.customers), number: true },
    { title: say("revenue"), of: (row) => money(row.revenue, one.currency), number: true },
    { title: say("share"), of: (row) => ratio(row.revenue_share), number: true },
    { title: say("margin_rate"), of: (row) => ratio(row.margin_rate), number: true },
    { title: say("frequency"), of: (row) => number(row.order_frequency, 1), number: true },
    { title: say("value_per_order"), of: (row) => money(row.value_per_order, one.currency), number: true },
    { title: say("retention"), of: (row) => ratio(row.retention), number: true },
    { title: say("wallet_share"), of: (row) => ratio(row.wallet_share), number: true },
  ];
  const classes = await by("abc_class");
  const acted = await by("segment");
  const apart = classes.filter((row) => row.abc_class !== ALL);
  const people = apart.reduce((sum, row) => sum + row.customers, 0);
  const revenue = { name: say("share"), values: apart.map((row) => row.revenue_share) };
  const count = { name: say("count"), values: apart.map((row) => (people ? row.customers / people : null)) };
  const told = apart.map((row) => `${row.abc_class}: ${ratio(row.revenue_share)} / ${number(row.customers)}`).join(", ");
  return [
    state(one),
    chart(told, apart.map((row) => row.abc_class), revenue, count, ratio, { months: false }),
    table(say("class"), columns("class", (row) => worded(row.abc_class)), classes),
    el("h2", {}, say("segment")),
    table(say("segment"), columns("segment", (row) => worded(row.segment)), acted),
  ];
}

async function customers(home) {
  const told = await askIfAny("priorities/customers", { subsidiary: home.code, limit: 100 });
  if (!told) return missing("noSegmentation");
  const amount = (value) => money(value, told.currency);
  const columns = [
    { title: say("customer"), of: (row) => el("span", {}, row.name || row.customer, " ", whyOfCustomer(home.code, row.customer)) },
    { title: say("reason"), of: (row) => (row.taken ? `${row.reason} · ${say("marked")}` : row.reason) },
    { title: say("seller"), of: (row) => row.salesperson || "–" },
    { title: say("gain"), of: (row) => amount(row.gain), number: true },
    { title: say("three"), of: (row) => amount(row.three_year_gain), number: true },
    { title: say("hours"), of: (row) => number(row.hours, 1), number: true },
    { title: say("perHour"), of: (row) => (row.margin_per_hour === null ? "–" : amount(row.margin_per_hour)), number: true },
  ];
  return [el("p", {}, say("act")), table(say("customers"), columns, told.items, (row) => (row.taken ? "taken" : null))];
}

async function shownPlan(home) {
  const all = await ask("plans", { subsidiary: home.code, limit: 100 });
  return all.items.find((one) => one.status === "approved") ?? all.items.find((one) => one.levers.length === 0) ?? null;
}

async function plan(home) {
  const one = await shownPlan(home);
  if (!one) return missing("noPlan");
  const amount = (value) => money(value, one.currency);
  const spread = (await askIfAny(`plans/${one.id}/uncertainty`))?.laws.at(-1);
  const came = await askIfAny(`plans/${one.id}/attainment`);
  const actual = new Map((came?.months ?? []).map((row) => [row.period, row.actual]));
  const values = one.months.map((row) => Number(row.revenue));
  const line = { name: say("actual"), values: one.months.map((row) => (actual.has(row.period) ? Number(actual.get(row.period)) : null)) };
  const labels = one.months.map((row) => month(row.period));
  const title = say("year", { ...lastedWords(one), revenue: amount(one.revenue) });
  const blocks = [...one.blocks, { block: "total", revenue: one.revenue, margin: one.margin }];
  const named = (row) => [row.salesperson, row.channel].filter(Boolean).join(" · ") || "–";
  return [
    el("p", {}, title, " ", whyOfPlan(one.id, title, "revenue")),
    state(one),
    el("p", { class: "quiet" }, say(one.status)),
    spread ? el("p", {}, say("likely", { p10: amount(spread.p10), p90: amount(spread.p90) })) : null,
    chart(`${title} ${labels.map((label, place) => `${label}: ${amount(values[place])}`).join(", ")}`, labels, { name: say("planned"), values }, line, short),
    el("h2", {}, say("blocks")),
    table(
      say("blocks"),
      [
        { title: say("blocks"), of: (row) => say(row.block) },
        { title: say("revenue"), of: (row) => amount(row.revenue), number: true },
        { title: say("margin_rate"), of: (row) => (Number(row.revenue) ? ratio(row.margin / row.revenue) : "–"), number: true },
      ],
      blocks,
    ),
    el("h2", {}, say("unit")),
    table(
      say("unit"),
      [
        { title: say("unit"), of: named },
        { title: say("revenue"), of: (row) => amount(row.revenue), number: true },
        { title: say("why"), of: (row) => whyOfPlan(one.id, named(row), `revenue.u${one.units.indexOf(row) + 1}`) },
      ],
      one.units,
    ),
  ];
}

const lastedWords = (one) => ({ first: month(one.first), last: month(one.last) });

async function capacity(home) {
  const one = await newest("resource-requirements", home);
  if (!one) return missing("noRequirement");
  const told = await ask(`resource-requirements/${one.id}/staffing`);
  const labels = told.months.map((row) => month(row.period));
  const there = told.months.map((row) => (row.hours_a_seller === null ? null : row.hours_a_seller * row.fte_effective));
  const needed = told.months.map((row) => row.hours);
  const words = { fte: number(one.fte, 1), present: number(one.fte_present, 1), load: ratio(one.load), zone: one.zone ? say(one.zone) : "–" };
  const spoken = labels.map((label, place) => `${label}: ${number(needed[place])} / ${number(there[place])}`).join(", ");
  const columns = [
    { title: say("month"), of: (row) => month(row.period) },
    { title: say("needed"), of: (row) => number(row.hours), number: true },
    { title: say("there"), of: (row) => number(there[told.months.indexOf(row)]), number: true },
    { title: say("load"), of: (row) => ratio(row.load), number: true },
    { title: say("zone"), of: (row) => (row.zone ? say(row.zone) : "–") },
    { title: say("hires"), of: (row) => number(row.hires), number: true },
  ];
  return [
    el("p", {}, say("people", words)),
    chart(spoken, labels, { name: say("needed"), values: needed }, { name: say("there"), values: there }, short),
    table(say("capacity"), columns, told.months),
  ];
}

async function comparison(home) {
  const query = { indicators: COMPARED.join(","), currency: home.currency };
  const told = await askIfAny("comparisons", query);
  if (!told) return missing("nothing");
  const shown = (row, value) => figure(value, row.unit, row.currency);
  const columns = [
    { title: say("subsidiary"), of: (row) => row.subsidiary },
    { title: say("rank"), of: (row) => (row.rank === null ? say("noRank") : number(row.rank)), number: true },
    { title: say("quartile"), of: (row) => number(row.quartile), number: true },
    { title: say("value"), of: (row) => shown(row, row.value), number: true },
    { title: say("toBest"), of: (row) => shown(row, row.to_best_quarter), number: true },
    { title: say("cases", { n: "" }), of: (row) => number(row.n), number: true },
  ];
  const interval = {
    title: say("interval"),
    of: (row) => (row.interval_low === null ? "–" : `${ratio(row.interval_low)} – ${ratio(row.interval_high)}`),
    number: true,
  };
  const parts = COMPARED.flatMap((id) => {
    const rows = told.items.filter((row) => row.indicator === id).sort((one, other) => (one.rank ?? 1e9) - (other.rank ?? 1e9));
    return [el("h2", {}, say(id)), table(say("tableOf", { name: say(id) }), rows.some((row) => row.interval_low !== null) ? [...columns, interval] : columns, rows)];
  });
  const notes = told.notes.map((note) => el("p", { class: "quiet" }, typeof note === "string" ? note : (note.message ?? "")));
  return [el("p", { class: "quiet" }, `${lasted(told.window)} · ${say("inCurrency", home)}`), ...parts, ...notes];
}

export const VIEWS = { overview, segments, customers, plan, capacity, comparison };
export const subsidiaries = () => askAll("subsidiaries");
