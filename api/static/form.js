/* Makes forms for items easier: offers terms while one types, saves drafts by itself, and warns
   before one leaves what is not saved. Nothing depends on it. */
import { combobox } from "./combobox.js";

const form = document.querySelector("form.describing");

/* Terms of the vocabularies, beside every field that takes them. */

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

const named = (term) => {
  const made = document.createElement("b");
  made.textContent = term.prefLabel;
  return made;
};

const offering = (input) => {
  combobox(input, {
    address: () => {
      const where = new URL(form.dataset.search, location.href);
      where.searchParams.set("deprecated", "false");
      for (const scheme of input.dataset.offers.split(" "))
        where.searchParams.append("scheme", scheme);
      return where;
    },
    head: named,
    about: (term) => term.definition || term.notation || "",
    take: (term) => {
      input.value = term.prefLabel;
      hidden(input).value = "<" + term.uri + ">";
      input.dispatchEvent(new Event("change", { bubbles: true }));
    },
  });
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
