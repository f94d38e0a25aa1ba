// What the page asks of the service, with the key that the person signed in with, which stays in this tab; and in the
// language that was chosen.

import { language } from "./words.js";

const KEY = "kontor-key";

export class Refused extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

export const key = () => sessionStorage.getItem(KEY);
export const keepKey = (text) => sessionStorage.setItem(KEY, text);
export const forgetKey = () => sessionStorage.removeItem(KEY);

/** The document at a path below /v1. Refused where the service refuses, with its own words. */
export async function ask(path, query = {}) {
  const told = Object.entries(query).filter(([, value]) => value !== null && value !== undefined);
  const url = `/v1/${path}${told.length ? `?${new URLSearchParams(told)}` : ""}`;
  let answer;
  try {
    const headers = { Authorization: `Bearer ${key()}`, "Accept-Language": language() };
    answer = await fetch(url, { headers, cache: "no-store" });
  } catch {
    throw new Refused(0, "");
  }
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(answer.status, body.detail || answer.statusText);
  return body;
}

/** The same, or null where there is nothing to tell (404, 422). */
export async function askIfAny(path, query) {
  try {
    return await ask(path, query);
  } catch (refusal) {
    if ([404, 422].includes(refusal.status)) return null;
    throw refusal;
  }
}

/** Every item of a list that comes in pages. */
export async function askAll(path, query = {}) {
  const items = [];
  let after = null;
  do {
    const page = await ask(path, { ...query, limit: 1000, after });
    items.push(...page.items);
    after = page.next;
  } while (after);
  return items;
}

export const inPath = (code) => code.split("/").map(encodeURIComponent).join("/");
