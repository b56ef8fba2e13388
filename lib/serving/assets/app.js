// Takes pictures that are dropped, pasted, picked or photographed, asks api/classify about one after the other,
// and puts a card for each on top of the list. Foreign text only ever becomes textContent.

const form = document.getElementById("upload");
const cards = document.getElementById("cards");
const status = document.getElementById("status");
const maxBytes = Number(form.dataset.maxBytes);

const narrow = matchMedia("(max-width: 34rem)");
const calm = matchMedia("(prefers-reduced-motion: reduce)");

const keptCards = 20;
const shownClasses = 5;
const maxTries = 5;
const explains = form.querySelector("[name=explain]") !== null;
const api = `api/classify?model=${encodeURIComponent(form.dataset.model)}`;

const phrases = {
  very_confident: "Very confident",
  fairly_sure: "Fairly sure",
  not_sure: "Not sure",
  none_of_these: "None of these",
};

// No answer is ever certain, and none impossible. The server's page.cpp has the same rule.
function percent(score) {
  if (score >= 0.995) return ">99%";
  if (score < 0.005) return "<1%";
  return `${Math.round(score * 100)}%`;
}

function wait(seconds) {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}

function blank(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}

function setText(card, name, text) {
  card.querySelector(`.${name}`).textContent = text;
}

function addCard(file) {
  const card = blank("blank-card");
  card.className = "card working";
  setText(card, "name", file.name);
  setText(card, "phrase", "Winnowing");
  setText(card, "label", "Let me see…");
  card.querySelector(".scores").replaceChildren(...Array.from({ length: shownClasses }, () => blank("blank-score")));
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
  const rows = answer.scores.map((score) => {
    const row = blank("blank-score");
    setText(row, "score-label", score.label);
    setText(row, "score-value", percent(score.score));
    return row;
  });
  card.querySelector(".scores").replaceChildren(...rows);
  // From nothing to its length, so that the bar grows.
  requestAnimationFrame(() => requestAnimationFrame(() => rows.forEach((row, i) => {
    row.querySelector(".fill").setAttribute("width", `${(answer.scores[i].score * 100).toFixed(1)}%`);
  })));
  return answer.unknown ? "None of these" : `${answer.label}, ${phrases[answer.verdict]}, ${percent(answer.confidence)}`;
}

// Heat maps cost the server a second look, so they come when they are asked for.
function offerExplanation(card, file) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button secondary small";
  button.textContent = "Show where it looks";
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const answer = await ask(file, card, "&explain=1");
      const map = document.createElement("img");
      map.className = "heat";
      map.alt = `Heat map: where on the picture the evidence for ${answer.label} lies, from dark blue for none to yellow for most`;
      map.src = answer.heat_map;
      button.replaceWith(map);
      status.textContent = "The heat map is there.";
    } catch (error) {
      button.disabled = false;
      setText(card, "remark", error.message);
      status.textContent = error.message;
    }
  });
  card.querySelector(".answer").append(button);
}

function showProblem(card, detail) {
  card.className = "card problem";
  setText(card, "phrase", "");
  setText(card, "label", "That did not work");
  setText(card, "remark", detail);
  card.querySelector(".scores").replaceChildren();
  return detail;
}

// SHA-256 (FIPS 180-4) of ASCII text, as hexadecimal digits. The browser's own is not there without TLS.
const primes = [];
for (let n = 2; primes.length < 64; ++n) if (primes.every((prime) => n % prime)) primes.push(n);
const fraction = (x) => ((x - Math.floor(x)) * 0x100000000) | 0;
const roundConstants = primes.map((prime) => fraction(Math.cbrt(prime)));
const initialState = primes.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));

function sha256(text) {
  const blocks = (text.length + 72) >> 6;
  const words = new Int32Array(blocks * 16);
  for (let i = 0; i < text.length; ++i) words[i >> 2] |= text.charCodeAt(i) << (24 - (i & 3) * 8);
  words[text.length >> 2] |= 0x80 << (24 - (text.length & 3) * 8);
  words[words.length - 1] = text.length * 8;
  const rotate = (x, n) => (x >>> n) | (x << (32 - n));
  const state = Int32Array.from(initialState);
  const w = new Int32Array(64);
  for (let block = 0; block < words.length; block += 16) {
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 64; ++i) {
      if (i < 16) {
        w[i] = words[block + i];
      } else {
        const x = w[i - 15];
        const y = w[i - 2];
        w[i] = w[i - 16] + w[i - 7] + (rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3)) + (rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10));
      }
      const one = (h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + roundConstants[i] + w[i]) | 0;
      const two = ((rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((value, i) => { state[i] += value; });
  }
  return Array.from(state, (value) => (value >>> 0).toString(16).padStart(8, "0")).join("");
}

// Where the server asks for it: the answer to a sum that takes robots more time than they have. See https://altcha.org.
async function passGate() {
  if (!form.dataset.gate) return {};
  if (form.dataset.gate !== "work") {
    const token = form.querySelector(`[name="${form.dataset.gate}"]`)?.value;
    if (!token) throw new Error("Show first that you are no robot, then send the picture again.");
    // A token is good for one picture.
    (window.grecaptcha ?? window.hcaptcha ?? window.turnstile)?.reset();
    return { "X-Gate-Answer": token };
  }
  const response = await fetch("api/challenge");
  const sum = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(sum.detail || `The server answered ${response.status}; try again.`);
  const { algorithm, challenge, maxnumber, salt, signature } = sum;
  for (let number = 0; number <= maxnumber; ++number) {
    if (number % 2000 === 1999) await wait(0);  // so that the page stays alive
    if (sha256(salt + number) === challenge) {
      return { "X-Gate-Answer": btoa(JSON.stringify({ algorithm, challenge, number, salt, signature })) };
    }
  }
  throw new Error("The server asked for something impossible; reload the page.");
}

// The answer, or an Error whose message is for people.
async function ask(file, card, more = "") {
  if (file.size > maxBytes) {
    throw new Error(`The picture is too large; it may have at most ${form.dataset.limit}.`);
  }
  for (let tries = 1; ; ++tries) {
    let response;
    const gate = await passGate().catch((error) => {
      throw error instanceof TypeError ? new Error("The server cannot be reached. Check the connection and try again.") : error;
    });
    try {
      response = await fetch(`${api}&top=${shownClasses}${more}`, {
        method: "POST",
        // What is no picture is sent too: the server can say what it is.
        headers: { ...gate, "Content-Type": file.type.startsWith("image/") ? file.type : "application/octet-stream" },
        body: file,
      });
    } catch {
      throw new Error("The server cannot be reached. Check the connection and try again.");
    }
    const answer = await response.json().catch(() => ({}));
    if (response.ok) return answer;
    if (response.status !== 503 || tries === maxTries) {
      throw new Error(answer.detail || `The server answered ${response.status}; try again.`);
    }
    setText(card, "remark", "The server is busy. Trying again…");
    await wait(Number(response.headers.get("Retry-After")) || 1);
  }
}

async function classify(file, card) {
  status.textContent = `Looking at ${file.name}`;
  try {
    const answer = await ask(file, card);
    status.textContent = `${file.name}: ${showAnswer(card, answer)}`;
    if (explains) offerExplanation(card, file);
  } catch (error) {
    status.textContent = `${file.name}: ${showProblem(card, error.message)}`;
  }
}

// One after the other: the answers come in order, and the server is not flooded.
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

// Something to try for who has no picture at hand: an ear of wheat, drawn on the spot.
function drawSample() {
  const canvas = document.createElement("canvas");
  canvas.width = 480;
  canvas.height = 360;
  const pen = canvas.getContext("2d");
  const sky = pen.createLinearGradient(0, 0, 0, 360);
  sky.addColorStop(0, "#9cc4e8");
  sky.addColorStop(1, "#f3e3b4");
  pen.fillStyle = sky;
  pen.fillRect(0, 0, 480, 360);
  for (let ear = 0; ear < 5; ++ear) {
    const x = 60 + ear * 90 + Math.random() * 20;
    const top = 60 + Math.random() * 60;
    pen.strokeStyle = "#a8741a";
    pen.lineWidth = 5;
    pen.beginPath();
    pen.moveTo(x, 360);
    pen.lineTo(x, top);
    pen.stroke();
    pen.fillStyle = "#d8a037";
    for (let row = 0; row < 6; ++row) {
      for (const side of [-1, 1]) {
        pen.beginPath();
        pen.ellipse(x + side * 12, top + 14 + row * 24, 9, 16, side * 0.6, 0, 2 * Math.PI);
        pen.fill();
      }
    }
  }
  canvas.toBlob((blob) => take([new File([blob], "drawing.png", { type: "image/png" })]));
}
document.getElementById("sample").addEventListener("click", drawSample);

form.addEventListener("submit", (event) => event.preventDefault());
document.documentElement.classList.add("js");
