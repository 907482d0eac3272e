/* Offers terms while one types into a field that searches them, and leads to the one chosen.
   Nothing depends on it: without the script, Enter searches on a page of its own. */
import { combobox } from "./combobox.js";

const link = (term) => {
  const made = document.createElement("a");
  made.href = term.href;
  made.tabIndex = -1;
  made.textContent = term.prefLabel;
  return made;
};

for (const input of document.querySelectorAll("input[data-terms]")) {
  combobox(input, {
    place: input.closest(".join") || input,
    address: () => new URL(input.dataset.terms, location.href),
    head: link,
    about: (term) => [term.schemeLabel, term.why.words].filter(Boolean).join(" · "),
    take: (term) => location.assign(term.href),
  });
}
