// Keys, focus after a refusal, and charts on demand: every page works without this.
const typing = (target) => target.closest("input, textarea, select, [contenteditable]") !== null;
const keys = document.getElementById("keys");
const opener = document.querySelector("[data-keys]");
let before = "";

const rows = () =>
  [...document.querySelectorAll("[data-rows] tbody tr, [data-todo] > li")]
    .map((row) => row.querySelector("a[href], button, summary"))
    .filter(Boolean);

function step(by) {
  const all = rows();
  if (all.length === 0) return;
  const here = all.findIndex((one) => one.closest("tr, li").contains(document.activeElement));
  const next = here < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(here + by, 0), all.length - 1);
  all[next].focus();
  all[next].scrollIntoView({ block: "nearest" });
}

function go(letter) {
  const place = document.querySelector(`[data-go="${CSS.escape(letter)}"]`);
  const desk = document.documentElement.dataset.desk;
  if (place) place.click();
  else if (letter === "d" && desk) location.assign(desk);
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || typing(event.target) || keys?.open) return;
  const pressed = event.key;
  const after = before;
  before = pressed === "g" ? "g" : "";
  if (after === "g" && pressed !== "g") go(pressed);
  else if (pressed === "/") {
    const field = document.querySelector("[data-search]") ?? document.querySelector("input[type=search]");
    if (!field) return;
    event.preventDefault();
    field.focus();
    field.select();
  } else if (pressed === "j") step(1);
  else if (pressed === "k") step(-1);
  else if (pressed === "?") keys?.showModal();
});

if (opener && keys) {
  opener.hidden = false;
  opener.addEventListener("click", () => keys.showModal());
}

// A refusal is read first; the fault's link leads to the field, or to the first field of its group.
document.getElementById("refusal")?.focus();

// A menu that was opened closes again when something else is chosen.
addEventListener("click", (event) => {
  for (const open of document.querySelectorAll("details.who[open], details.columns[open]"))
    if (!open.contains(event.target)) open.open = false;
});
addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const open of document.querySelectorAll("details.who[open], details.columns[open]")) {
    open.open = false;
    open.querySelector("summary").focus();
  }
});

// One press sends a form once.
addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "1";
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// The module that draws is fetched when a chart comes near.
const near = new IntersectionObserver(
  async (entries) => {
    for (const entry of entries.filter((one) => one.isIntersecting)) {
      near.unobserve(entry.target);
      const { chart } = await import(entry.target.dataset.module);
      chart(entry.target);
    }
  },
  { rootMargin: "200px" },
);
const watch = (root) => root.querySelectorAll("[data-chart]").forEach((one) => near.observe(one));
watch(document);
document.addEventListener("htmx:afterSettle", (event) => watch(event.target));
