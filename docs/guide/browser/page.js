// The page around winnow.js: takes pictures that are dropped, pasted, picked or photographed, and puts a card with
// the answer for each on top of the list. Text from files only ever becomes textContent.

import { openModel } from "./winnow.js";

const form = document.getElementById("upload");
const cards = document.getElementById("cards");
const status = document.getElementById("status");
const trouble = document.getElementById("trouble");

const narrow = matchMedia("(max-width: 34rem)");
const calm = matchMedia("(prefers-reduced-motion: reduce)");

const keptCards = 20;
const shownClasses = 5;

const phrases = {
  very_confident: "Very confident",
  fairly_sure: "Fairly sure",
  not_sure: "Not sure",
  none_of_these: "None of these",
};

// No answer is ever certain, and none impossible.
function percent(score) {
  if (score >= 0.995) return ">99%";
  if (score < 0.005) return "<1%";
  return `${Math.round(score * 100)}%`;
}

function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function blank(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}

function setText(card, name, text) {
  card.querySelector(`.${name}`).textContent = text;
}

function complain(message) {
  trouble.textContent = message;
  trouble.hidden = false;
}

function addCard(file) {
  const card = blank("blank-card");
  card.classList.add("working");
  setText(card, "name", file.name);
  setText(card, "phrase", "Winnowing");
  setText(card, "label", "Let me see…");
  const preview = card.querySelector(".preview");
  preview.onload = () => { preview.hidden = false; };
  preview.src = URL.createObjectURL(file);  // what the browser cannot show stays hidden
  cards.prepend(card);
  while (cards.children.length > keptCards) {
    URL.revokeObjectURL(cards.lastElementChild.querySelector(".preview").src);
    cards.lastElementChild.remove();
  }
  // On a phone an answer fills the screen.
  card.scrollIntoView({ block: narrow.matches ? "start" : "nearest", behavior: calm.matches ? "instant" : "smooth" });
  return card;
}

function showAnswer(card, answer) {
  card.className = `card ${answer.verdict}`;
  setText(card, "phrase", phrases[answer.verdict]);
  setText(card, "label", answer.unknown ? "Something else" : answer.label);
  setText(card, "remark", answer.unknown
    ? `This looks unlike everything the model has learned. Closest is ${answer.label}.` : "");
  const rows = answer.scores.slice(0, shownClasses).map(({ label, score }) => {
    const row = blank("blank-score");
    setText(row, "score-label", label);
    setText(row, "score-value", percent(score));
    row.querySelector(".fill").setAttribute("width", `${(score * 100).toFixed(1)}%`);
    return row;
  });
  card.querySelector(".scores").replaceChildren(...rows);
  return answer.unknown ? "None of these" : `${answer.label}, ${phrases[answer.verdict]}, ${percent(answer.confidence)}`;
}

function showProblem(card, message) {
  card.className = "card problem";
  setText(card, "label", "That did not work");
  setText(card, "remark", message);
  return message;
}

function addFact(name, value) {
  const term = document.createElement("dt");
  term.textContent = name;
  const meaning = document.createElement("dd");
  meaning.append(value);
  const fact = document.createElement("div");
  fact.append(term, meaning);
  document.getElementById("facts").append(fact);
}

function listClasses(classes) {
  const summary = document.createElement("summary");
  summary.textContent = `${classes.length} classes`;
  const list = document.createElement("ul");
  list.append(...classes.map((label) => {
    const item = document.createElement("li");
    item.textContent = label;
    return item;
  }));
  const details = document.createElement("details");
  details.append(summary, list);
  return details;
}

async function load() {
  const progress = document.getElementById("progress");
  const label = document.querySelector("label[for=progress]");
  const model = await openModel(form.dataset.model, {
    onProgress(loaded, total) {
      label.textContent = loaded === total ? "Starting the model" : `Fetching the model: ${megabytes(loaded)}`;
      if (total > 0 && loaded < total) progress.value = loaded / total;
      else progress.removeAttribute("value");
    },
  });
  const check = await model.check();
  if (check?.holds === false) {
    complain("This browser alters pictures or computes wrongly, so the answers may be wrong. Protection against "
      + "fingerprinting does that: switch it off for this page, or use another browser.");
  }
  const { size } = model.about.preprocessing;
  addFact("Knows", listClasses(model.classes));
  addFact("Looks at", `${size} × ${size} pixels`);
  addFact("Network", `${model.about.architecture}, model format ${model.about.format}`);
  addFact("Runs", `on this device, ${model.threads === 1 ? "1 thread" : `${model.threads} threads`}`);
  addFact("Checked", check === null ? "not: the model carries no reference pictures"
    : `${check.pictures.filter((picture) => picture.holds).length} of ${check.pictures.length} reference pictures as they should be`);
  document.getElementById("loading").hidden = true;
  status.textContent = "The model is ready.";
  return model;
}

const loaded = load();
loaded.catch((error) => {
  document.getElementById("loading").hidden = true;
  complain(error.message);
});

async function classify(file, card) {
  try {
    const model = await loaded;
    status.textContent = `Looking at ${file.name}`;
    status.textContent = `${file.name}: ${showAnswer(card, await model.classify(file))}`;
  } catch (error) {
    status.textContent = `${file.name}: ${showProblem(card, error.message)}`;
  }
}

// One after the other, so that the answers come in order. Pictures may be shown before the model is there.
let turn = Promise.resolve();

function take(files) {
  for (const file of files) {
    const card = addCard(file);
    turn = turn.then(() => classify(file, card));
  }
}

for (const input of form.querySelectorAll("input[type=file]")) {
  input.addEventListener("change", () => {
    take(input.files);
    input.value = "";  // so that the same picture can be chosen again
  });
}

document.addEventListener("paste", (event) => take(event.clipboardData.files));

// The whole window takes drops, so that a near miss does not make the browser open the picture instead.
let depth = 0;
function dragging(change) {
  depth = change === 0 ? 0 : Math.max(0, depth + change);
  document.body.classList.toggle("dragging", depth > 0);
}
document.addEventListener("dragenter", () => dragging(1));
document.addEventListener("dragleave", () => dragging(-1));
document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", (event) => {
  event.preventDefault();
  dragging(0);
  if (event.dataTransfer.files.length > 0) take(event.dataTransfer.files);
  else status.textContent = "That was no picture file. Save it first, then drop it here.";
});

form.addEventListener("submit", (event) => event.preventDefault());
document.documentElement.classList.add("js");
