// Saying the words of the page in the language that was chosen; the service hands them out, of all its languages.

import { LANGUAGES } from "./catalogues.js";

let chosen = "en";

/** The first language of the reader that the page speaks. */
export function preferred() {
  const kept = localStorage.getItem("kontor-language");
  const wanted = [kept, ...navigator.languages.map((tag) => tag.slice(0, 2))];
  return wanted.find((tag) => tag in LANGUAGES) ?? "en";
}

export function speak(language) {
  chosen = language;
  localStorage.setItem("kontor-language", language);
  document.documentElement.lang = language;
}

/** A word of the language that was chosen, with its places filled. */
export const say = (word, places = {}) =>
  LANGUAGES[chosen][word].replace(/\{(\w+)\}/g, (_, name) => places[name] ?? "–");

export const language = () => chosen;
