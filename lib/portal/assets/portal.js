// What the pages can do better with a script: show how far an upload is, and how far a job is. All of it works
// without, too. Foreign text only ever becomes textContent.

const form = document.getElementById("upload");

function size(bytes) {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function say(text, link) {
  const status = document.getElementById("status");
  status.textContent = text;
  if (!link) return;
  const anchor = document.createElement("a");
  anchor.href = link;
  anchor.textContent = "See premium";
  status.append(" ", anchor);
}

function finish(request) {
  const bar = document.getElementById("upload-bar");
  if (request.status === 200) {
    window.location = request.responseURL;  // the job's page, by way of a redirect
    return;
  }
  bar.hidden = true;
  form.querySelector("button").disabled = false;
  let problem = {};
  try { problem = JSON.parse(request.responseText); } catch { /* no answer, or not ours */ }
  if (request.status === 0) say("The server cannot be reached, or has refused the upload. Check the connection and try again.");
  else say(problem.detail || `The server answered ${request.status}; try again.`, problem.upgrade);
}

function upload() {
  const files = document.getElementById("file").files;
  const bytes = Array.from(files).reduce((sum, file) => sum + file.size, 0);
  if (bytes > Number(form.dataset.maxBytes)) {
    if (form.dataset.upgrade) window.location = form.dataset.upgrade;
    else say(`These are ${size(bytes)} together; up to ${form.dataset.limit} can be sent at once.`);
    return;
  }
  const bar = document.getElementById("upload-bar");
  const progress = bar.querySelector("progress");
  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.setRequestHeader("Accept", "application/problem+json");
  request.upload.addEventListener("progress", (event) => {
    if (!event.lengthComputable) return;
    progress.value = event.loaded / event.total;
    say(event.loaded < event.total ? `${size(event.loaded)} of ${size(event.total)}` : "The server looks through it…");
  });
  request.addEventListener("loadend", () => finish(request));
  bar.hidden = false;
  form.querySelector("button").disabled = true;
  request.send(new FormData(form));
}

if (form) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    upload();
  });
  for (const type of ["dragenter", "dragover"]) {
    form.addEventListener(type, (event) => {
      event.preventDefault();
      form.classList.add("dragging");
    });
  }
  form.addEventListener("dragleave", () => form.classList.remove("dragging"));
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    form.classList.remove("dragging");
    if (event.dataTransfer.files.length > 0) document.getElementById("file").files = event.dataTransfer.files;
  });
}

// A job that goes on, or whose results are on their way.
const job = document.querySelector("[data-job]");

async function look() {
  let seconds = 1;
  try {
    const response = await fetch(job.dataset.job, { headers: { Accept: "application/json" } });
    if (response.status === 404 || response.status === 401) return window.location.reload();
    if (response.ok) {
      const now = await response.json();
      const moved = now.state !== job.dataset.state || now.storage !== job.dataset.storage;
      if (moved) return window.location.reload();
      const progress = document.getElementById("progress");
      if (progress && now.pictures > 0) {
        progress.max = now.pictures;
        progress.value = now.answered;
      }
      if (now.state === "running") document.getElementById("text").textContent = `${now.answered} of ${now.pictures} pictures`;
      if (now.state === "done") seconds = 5;
    } else {
      seconds = 10;
    }
  } catch {
    seconds = 10;
  }
  setTimeout(look, seconds * 1000);
}
if (job) setTimeout(look, 1000);
