/* Offers terms of the vocabularies while one types, beside any input with data-terms.
   Nothing depends on it: without the script, Enter searches on a page of its own. */
"use strict";

const MOST = 8;
const PAUSE = 120;

for (const input of document.querySelectorAll("input[data-terms]")) {
  const list = document.createElement("ul");
  list.id = input.id + "-offers";
  list.className = "offers";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Terms");
  const spoken = document.createElement("p");
  spoken.className = "vh";
  spoken.setAttribute("role", "status");
  const place = input.closest(".join") || input;
  place.after(list, spoken);
  for (const [name, value] of [
    ["role", "combobox"],
    ["aria-autocomplete", "list"],
    ["aria-expanded", "false"],
    ["aria-controls", list.id],
  ]) input.setAttribute(name, value);

  let chosen = -1;
  let asked = "";
  let timer = 0;
  let under = null;

  const close = () => {
    list.hidden = true;
    chosen = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };

  const choose = (number) => {
    const offers = list.children;
    if (!offers.length) return;
    chosen = (number + offers.length) % offers.length;
    [...offers].forEach((offer, at) => offer.setAttribute("aria-selected", String(at === chosen)));
    input.setAttribute("aria-activedescendant", offers[chosen].id);
    offers[chosen].scrollIntoView({ block: "nearest" });
  };

  const offer = (term, at) => {
    const line = document.createElement("li");
    line.id = list.id + "-" + at;
    line.setAttribute("role", "option");
    line.setAttribute("aria-selected", "false");
    const link = document.createElement("a");
    link.href = term.href;
    link.tabIndex = -1;
    link.textContent = term.prefLabel;
    const about = document.createElement("span");
    about.className = "soft";
    about.textContent = [term.schemeLabel, term.why.words].filter(Boolean).join(" · ");
    line.append(link, about);
    line.addEventListener("mousedown", (event) => event.preventDefault());
    line.addEventListener("click", () => link.click());
    return line;
  };

  const show = (terms) => {
    list.replaceChildren(...terms.map(offer));
    chosen = -1;
    input.removeAttribute("aria-activedescendant");
    list.hidden = !terms.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    spoken.textContent = terms.length === 1 ? "1 term" : terms.length + " terms";
  };

  const ask = async () => {
    const text = input.value.trim();
    if (text === asked) return;
    asked = text;
    if (under) under.abort();
    if (!text) return show([]);
    under = new AbortController();
    const address = new URL(input.dataset.terms, location.href);
    address.searchParams.set("q", text);
    address.searchParams.set("limit", MOST);
    try {
      const answer = await fetch(address, { signal: under.signal, credentials: "omit" });
      if (answer.ok) show((await answer.json()).results);
    } catch {
      /* The line was cut or the text has changed: what is typed still searches by Enter. */
    }
  };

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      if (!list.hidden) event.preventDefault();
      close();
    }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (list.hidden && list.children.length) {
        list.hidden = false;
        input.setAttribute("aria-expanded", "true");
      }
      event.preventDefault();
      choose(event.key === "ArrowDown" ? chosen + 1 : chosen < 0 ? -1 : chosen - 1);
    }
    if (event.key === "Enter" && chosen >= 0 && !list.hidden) {
      event.preventDefault();
      list.children[chosen].querySelector("a").click();
    }
  });
  input.addEventListener("blur", () => setTimeout(close, 100));
}
