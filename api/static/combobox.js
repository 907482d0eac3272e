/* A text field that offers terms of the vocabularies while one types, reached by keys or mouse.

   address  returns where to ask for what is typed
   head     returns the element that names a term in the list
   about    returns what is said beside it
   take     is called with the term that was chosen */

const MOST = 8;
const PAUSE = 120;

const element = (name, className, text) => {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.textContent = text;
  return made;
};

export const combobox = (input, { place = input, address, head, about, take }) => {
  const list = element("ul", "offers", "");
  list.id = input.id + "~offers";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Terms");
  const spoken = element("p", "vh", "");
  spoken.setAttribute("role", "status");
  place.after(list, spoken);
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

  const open = (isOpen) => {
    list.hidden = !isOpen;
    input.setAttribute("aria-expanded", String(isOpen));
  };

  const leave = () => {
    chosen = -1;
    input.removeAttribute("aria-activedescendant");
  };

  const close = () => {
    open(false);
    leave();
  };

  const move = (number) => {
    const lines = [...list.children];
    chosen = (number + lines.length) % lines.length;
    lines.forEach((line, at) => line.setAttribute("aria-selected", String(at === chosen)));
    input.setAttribute("aria-activedescendant", lines[chosen].id);
    lines[chosen].scrollIntoView({ block: "nearest" });
  };

  const choose = (term) => {
    close();
    take(term);
  };

  const line = (term, at) => {
    const made = element("li", "", "");
    made.id = list.id + "-" + at;
    made.setAttribute("role", "option");
    made.setAttribute("aria-selected", "false");
    made.append(head(term), element("span", "soft", about(term)));
    made.addEventListener("mousedown", (event) => event.preventDefault());
    made.addEventListener("click", (event) => {
      event.preventDefault();
      choose(term);
    });
    made.term = term;
    return made;
  };

  const show = (terms) => {
    list.replaceChildren(...terms.map(line));
    leave();
    open(terms.length > 0);
    spoken.textContent = terms.length === 1 ? "1 term" : terms.length + " terms";
  };

  const ask = async () => {
    if (under) under.abort();
    const text = input.value.trim();
    if (!text) return show([]);
    under = new AbortController();
    const where = address();
    where.searchParams.set("q", text);
    where.searchParams.set("limit", MOST);
    try {
      const answer = await fetch(where, { signal: under.signal, credentials: "omit" });
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
      event.preventDefault();
      open(true);
      move(event.key === "ArrowDown" ? chosen + 1 : chosen < 0 ? -1 : chosen - 1);
    }
    if (event.key === "Enter" && chosen >= 0 && !list.hidden) {
      event.preventDefault();
      choose(list.children[chosen].term);
    }
  });
  input.addEventListener("blur", () => setTimeout(close, 100));
};
