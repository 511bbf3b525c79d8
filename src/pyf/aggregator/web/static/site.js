// What every page has: the theme switch without a round trip, and the keys that lead to the search.
const root = document.documentElement;

function shownTheme() {
  return root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
}

document.querySelector("[data-theme-switch]")?.addEventListener("click", (event) => {
  event.preventDefault();
  const theme = shownTheme() === "dark" ? "light" : "dark";
  root.dataset.theme = theme;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `theme=${theme}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  document.dispatchEvent(new CustomEvent("themechange", { detail: theme }));
});

const typing = (node) => node.matches?.("input, textarea, select, [contenteditable]");

document.addEventListener("keydown", (event) => {
  const wanted = event.key === "/" || (event.key === "k" && (event.ctrlKey || event.metaKey));
  const box = document.querySelector("input[type=search]");
  if (!wanted || !box || event.altKey || (typing(event.target) && event.key === "/")) return;
  event.preventDefault();
  box.focus();
  box.select();
});

document.querySelectorAll("[data-copy]").forEach((button) => {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    const told = button.querySelector("[data-told]");
    if (told) {
      told.textContent = "Copied";
      setTimeout(() => (told.textContent = ""), 2000);
    }
  });
});
