/* Puts a Copy button beside code and values that are meant to be taken along.
   Nothing depends on it: without the script, one click on such a value selects it whole. */
"use strict";

if (navigator.clipboard) {
  const spoken = document.createElement("p");
  spoken.className = "vh";
  spoken.setAttribute("role", "status");
  document.body.append(spoken);

  const button = (source, name) => {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "plain";
    made.textContent = "Copy";
    if (name) made.setAttribute("aria-label", "Copy " + name);
    made.addEventListener("click", async () => {
      let said = "Copied";
      try {
        await navigator.clipboard.writeText(source.textContent.trim());
      } catch {
        said = "Not allowed";
      }
      made.textContent = said;
      spoken.textContent = said;
      setTimeout(() => {
        made.textContent = "Copy";
        spoken.textContent = "";
      }, 2000);
    });
    return made;
  };

  for (const block of document.querySelectorAll(".code")) {
    const code = block.querySelector("pre");
    block.append(button(code, code.getAttribute("aria-label")));
  }
  for (const value of document.querySelectorAll("[data-copy]")) {
    value.after(button(value, value.dataset.copy));
  }
}
