// The page: signing in, choosing a subsidiary, a view and a language. The address holds what is chosen: #/DE/plan.

import { Refused, forgetKey, keepKey, key } from "./api.js";
import { LANGUAGES, NAMES } from "./catalogues.js";
import { el } from "./elements.js";
import { VIEWS, subsidiaries } from "./views.js";
import { preferred, say, speak } from "./words.js";

const at = (id) => document.getElementById(id);
let homes = [];
let asked = 0;

function place() {
  const [, code, view] = decodeURIComponent(location.hash).split("/");
  const home = homes.find((one) => one.code === code) ?? homes[0];
  return { home, view: view in VIEWS ? view : "overview" };
}

const address = (code, view) => `#/${encodeURIComponent(code)}/${view}`;

function fillWords() {
  for (const element of document.querySelectorAll("[data-word]")) element.textContent = say(element.dataset.word);
}

function signIn(message = "") {
  homes = [];
  for (const id of ["home", "views", "leave"]) at(id).hidden = true;
  at("status").textContent = "";
  const input = el("input", { id: "key", type: "password", autocomplete: "off", required: true, spellcheck: "false", "aria-describedby": "key-hint" });
  const enter = async (event) => {
    event.preventDefault();
    keepKey(input.value.trim());
    await begin();
  };
  const form = el(
    "form",
    { onsubmit: enter },
    el("h1", {}, say("signIn")),
    el("label", { for: "key" }, say("keyLabel")),
    input,
    el("p", { class: "quiet", id: "key-hint" }, say("keyHint")),
    message ? el("p", { class: "bad", role: "alert" }, message) : null,
    el("button", { class: "main" }, say("signIn")),
  );
  at("content").replaceChildren(form);
  input.focus();
}

function refused(refusal) {
  if (!(refusal instanceof Refused)) throw refusal;
  if (refusal.status === 401) {
    forgetKey();
    signIn(say("keyBad"));
    return;
  }
  at("status").textContent = "";
  at("content").replaceChildren(el("p", { class: "bad", role: "alert" }, refusal.message || say("offline")));
}

async function show({ focus = true } = {}) {
  const { home, view } = place();
  if (!home) {
    at("content").replaceChildren(el("p", {}, say("nothing")));
    return;
  }
  const turn = ++asked;
  const links = Object.keys(VIEWS).map((name) =>
    el("a", { href: address(home.code, name), "aria-current": name === view && "page" }, say(name)),
  );
  at("views").replaceChildren(...links);
  at("subsidiaries").value = home.code;
  at("status").textContent = say("loading");
  document.title = `${say(view)} · ${home.name} · Kontor`;
  try {
    const parts = await VIEWS[view](home);
    if (turn !== asked) return; // another view was asked for meanwhile
    at("content").replaceChildren(el("h1", {}, `${say(view)} · ${home.name}`), ...parts.filter(Boolean));
    at("status").textContent = "";
    if (focus) {
      at("content").focus({ preventScroll: true });
      scrollTo(0, 0);
    }
  } catch (refusal) {
    if (turn === asked) refused(refusal);
  }
}

async function begin() {
  try {
    homes = await subsidiaries();
  } catch (refusal) {
    refused(refusal);
    return;
  }
  at("subsidiaries").replaceChildren(...homes.map((one) => el("option", { value: one.code }, `${one.code} · ${one.name}`)));
  for (const id of ["home", "views", "leave"]) at(id).hidden = false;
  at("views").setAttribute("aria-label", "Kontor");
  await show({ focus: false });
}

speak(preferred());
at("languages").replaceChildren(...Object.keys(LANGUAGES).map((tag) => el("option", { value: tag, lang: tag }, NAMES[tag])));
at("languages").value = document.documentElement.lang;
at("languages").addEventListener("change", (event) => {
  speak(event.target.value);
  fillWords();
  if (homes.length) show({ focus: false });
  else signIn();
});
at("subsidiaries").addEventListener("change", (event) => {
  location.hash = address(event.target.value, place().view);
});
at("leave").addEventListener("click", () => {
  forgetKey();
  signIn();
});
addEventListener("hashchange", () => homes.length && show());
fillWords();
if (key()) begin();
else signIn();
