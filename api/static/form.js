/* Makes forms for items easier: offers terms while one types, saves drafts by itself, and warns
   before one leaves what is not saved. Nothing depends on it. */
"use strict";

const form = document.querySelector("form.describing");

/* Terms of the vocabularies, beside every field that takes them. */

const MOST = 8;
const PAUSE = 150;

const hidden = (input) => {
  const name = input.name + "~was";
  let found = [...form.elements].find((one) => one.name === name);
  if (!found) {
    found = document.createElement("input");
    found.type = "hidden";
    found.name = name;
    input.after(found);
  }
  return found;
};

const offering = (input) => {
  const list = document.createElement("ul");
  list.id = input.id + "~offers";
  list.className = "offers";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Terms");
  const spoken = document.createElement("p");
  spoken.className = "vh";
  spoken.setAttribute("role", "status");
  input.after(list, spoken);
  input.removeAttribute("list");
  for (const [name, value] of [
    ["role", "combobox"],
    ["aria-autocomplete", "list"],
    ["aria-expanded", "false"],
    ["aria-controls", list.id],
  ]) input.setAttribute(name, value);

  let chosen = -1;
  let timer = 0;
  let under = null;

  const close = () => {
    list.hidden = true;
    chosen = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const move = (number) => {
    const lines = list.children;
    if (!lines.length) return;
    chosen = (number + lines.length) % lines.length;
    [...lines].forEach((line, at) => line.setAttribute("aria-selected", String(at === chosen)));
    input.setAttribute("aria-activedescendant", lines[chosen].id);
    lines[chosen].scrollIntoView({ block: "nearest" });
  };
  const take = (term) => {
    input.value = term.prefLabel;
    hidden(input).value = "<" + term.uri + ">";
    close();
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const line = (term, at) => {
    const made = document.createElement("li");
    made.id = list.id + "-" + at;
    made.setAttribute("role", "option");
    made.setAttribute("aria-selected", "false");
    const name = document.createElement("b");
    name.textContent = term.prefLabel;
    const about = document.createElement("span");
    about.className = "soft";
    about.textContent = term.definition || term.notation || "";
    made.append(name, about);
    made.addEventListener("mousedown", (event) => event.preventDefault());
    made.addEventListener("click", () => take(term));
    made.term = term;
    return made;
  };
  const show = (terms) => {
    list.replaceChildren(...terms.map(line));
    chosen = -1;
    input.removeAttribute("aria-activedescendant");
    list.hidden = !terms.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    spoken.textContent = terms.length === 1 ? "1 term" : terms.length + " terms";
  };
  const ask = async () => {
    if (under) under.abort();
    const text = input.value.trim();
    if (!text) return show([]);
    under = new AbortController();
    const address = new URL(form.dataset.search, location.href);
    address.searchParams.set("q", text);
    address.searchParams.set("limit", MOST);
    address.searchParams.set("deprecated", "false");
    for (const scheme of input.dataset.offers.split(" "))
      address.searchParams.append("scheme", scheme);
    try {
      const answer = await fetch(address, { signal: under.signal, credentials: "omit" });
      if (answer.ok && document.activeElement === input) show((await answer.json()).results);
    } catch {
      /* The line was cut or the text has changed: what is typed is understood when it is sent. */
    }
  };

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      close();
    }
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && list.children.length) {
      list.hidden = false;
      input.setAttribute("aria-expanded", "true");
      event.preventDefault();
      move(event.key === "ArrowDown" ? chosen + 1 : chosen < 0 ? -1 : chosen - 1);
    }
    if (event.key === "Enter" && chosen >= 0 && !list.hidden) {
      event.preventDefault();
      take(list.children[chosen].term);
    }
  });
  input.addEventListener("blur", () => setTimeout(close, 100));
};

/* Saving by itself. */

const WAIT = 4000;
const AGAIN = 15000;

if (form) {
  form.querySelectorAll("input[data-offers]").forEach(offering);

  const said = document.getElementById("saved");
  let isDirty = form.hasAttribute("data-unsaved");
  let isSending = false;
  let isLeaving = false;
  let stopped = !form.hasAttribute("data-autosave");
  let timer = 0;

  const tell = (text, isWrong) => {
    said.textContent = text;
    said.classList.toggle("error", Boolean(isWrong));
  };
  const moment = () =>
    new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });

  const goOn = (answer) => {
    const before = form.getAttribute("action");
    form.elements["stage~"].value = answer.stage;
    if (answer.action !== before) {
      form.setAttribute("action", answer.action);
      for (const button of form.querySelectorAll("[formaction]")) {
        const anchor = button.getAttribute("formaction").split("#")[1];
        button.setAttribute("formaction", answer.action + "#" + anchor);
      }
    }
    // What was saved is read anew when the page is loaded again, and not sent a second time.
    history.replaceState(null, "", answer.action + location.hash);
    const missing = answer.missing;
    tell(
      "Saved " + moment() + ". " +
        (missing === 0 ? "It can be published." : missing + " missing to publish it."),
    );
  };

  const refuse = (status, problem) => {
    if (status === 422) {
      tell("Not saved yet. " + ((problem.blocking || [])[0] || problem.detail), true);
    } else if (status === 412) {
      stopped = true;
      tell("Not saved: somebody else changed this first. Press Save draft to see both.", true);
    } else if (status === 401 || status === 403) {
      tell("Not saved: sign in again in another tab, then press Save draft.", true);
      stopped = true;
    } else {
      tell("Not saved: " + (problem.detail || "the catalog did not answer") + " It tries again.", true);
      timer = setTimeout(save, AGAIN);
    }
  };

  const save = async () => {
    if (isSending || stopped || !isDirty || isLeaving) return;
    isSending = true;
    isDirty = false;
    const sent = new URLSearchParams(new FormData(form));
    sent.set("do", "save");
    tell("Saving …");
    try {
      const answer = await fetch(form.getAttribute("action"), {
        method: "POST",
        body: sent,
        headers: { Accept: "application/json" },
      });
      const told = await answer.json();
      if (answer.ok) goOn(told);
      else {
        isDirty = true;
        refuse(answer.status, told);
      }
    } catch {
      isDirty = true;
      refuse(0, {});
    }
    isSending = false;
    if (changedSince) later();
  };

  let changedSince = false;
  const later = () => {
    changedSince = false;
    clearTimeout(timer);
    timer = setTimeout(save, WAIT);
  };
  const change = () => {
    isDirty = true;
    if (isSending) changedSince = true;
    else if (!stopped) later();
  };

  form.addEventListener("input", change);
  form.addEventListener("change", change);
  form.addEventListener("submit", () => { isLeaving = true; });
  window.addEventListener("pageshow", () => { isLeaving = false; });
  window.addEventListener("beforeunload", (event) => {
    if (isDirty && !isLeaving) event.preventDefault();
  });
  if (isDirty && !stopped) later();
}
