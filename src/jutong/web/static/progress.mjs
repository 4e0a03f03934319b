// Tells a page that its thing has come further; without this the page polls, and without any script it has a button.
for (const one of document.querySelectorAll("[data-events]")) {
  const source = new EventSource(one.dataset.events);
  source.addEventListener("moved", () => document.body.dispatchEvent(new CustomEvent("moved")));
  source.addEventListener("ended", () => source.close());
}
