/* Lets a person decide on the pictures of a report and save the decisions as a file. Nothing leaves the page. */
(() => {
  const figures = [...document.querySelectorAll("figure[data-path]")];
  /* Marks survive a reload, but not a new report. */
  const store = "winnow " + document.title + " " + document.querySelector("footer").textContent;
  let decisions = new Map();
  try { decisions = new Map(JSON.parse(localStorage.getItem(store) || "[]")); } catch (error) { }

  const make = (name, properties, ...children) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  };

  const show = (figure) => {
    const decided = decisions.get(figure.dataset.path);
    for (const button of figure.querySelectorAll(".choice button")) {
      button.setAttribute("aria-pressed", String(decided?.decision === button.dataset.decision));
    }
    figure.querySelector(".choice select").value = decided?.label ?? "";
    figure.classList.toggle("decided", decided !== undefined);
  };

  const bar = make("div", { className: "decisions" });
  const count = make("span", { role: "status" });
  const save = make("button", { type: "button", textContent: "Save decisions.jsonl" });
  const clear = make("button", { type: "button", className: "plain", textContent: "Clear" });

  const update = () => {
    figures.forEach(show);
    const counts = { keep: 0, drop: 0, relabel: 0 };
    for (const { decision } of decisions.values()) counts[decision] += 1;
    count.textContent = decisions.size === 0
      ? "Mark pictures to keep, drop or relabel"
      : `${counts.keep} to keep, ${counts.drop} to drop, ${counts.relabel} to relabel`;
    save.disabled = clear.disabled = decisions.size === 0;
    try { localStorage.setItem(store, JSON.stringify([...decisions])); } catch (error) { }
  };

  const decide = (path, decided) => {
    const before = decisions.get(path);
    /* A second click takes it back. */
    if (decided === null || (before && before.decision === decided.decision && before.label === decided.label)) {
      decisions.delete(path);
    } else {
      decisions.set(path, decided);
    }
    update();
  };

  for (const figure of figures) {
    const { path, label, suggested } = figure.dataset;
    const choice = make("div", { className: "choice" });
    for (const decision of ["keep", "drop"]) {
      const button = make("button", { type: "button", textContent: decision === "keep" ? "Keep" : "Drop" });
      button.dataset.decision = decision;
      button.setAttribute("aria-label", `${button.textContent} ${path}`);
      button.addEventListener("click", () => decide(path, { decision }));
      choice.append(button);
    }
    const select = make("select", {}, make("option", { value: "", textContent: "Relabel" }));
    select.setAttribute("aria-label", `Relabel ${path}`);
    const others = labels.filter((name) => name !== label && name !== suggested);
    for (const name of suggested ? [suggested, ...others] : others) {
      select.append(make("option", { value: name, textContent: name === suggested ? `${name} (suggested)` : name }));
    }
    select.addEventListener("change", () =>
      decide(path, select.value === "" ? null : { decision: "relabel", label: select.value }));
    choice.append(select);
    figure.append(choice);
  }

  save.addEventListener("click", () => {
    const lines = [{ format: "winnow-decisions", version: 1 }];
    for (const [path, decided] of decisions) lines.push({ path, ...decided });
    const text = lines.map((line) => JSON.stringify(line) + "\n").join("");
    const link = make("a", { download: "decisions.jsonl" });
    link.href = URL.createObjectURL(new Blob([text], { type: "application/jsonl" }));
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  });
  clear.addEventListener("click", () => { decisions.clear(); update(); });
  bar.append(count, clear, save);
  if (figures.length > 0) document.body.append(bar);
  update();
})();
