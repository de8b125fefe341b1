// Light or dark, as the visitor has chosen here. Read before anything is painted, so that nothing flashes.
// Django's back office keeps its own choice under the same name and with the same values.
(() => {
  const root = document.documentElement;
  const kept = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
  const apply = (theme) => {
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    else delete root.dataset.theme;
  };
  apply(kept());

  addEventListener("DOMContentLoaded", () => {
    const switcher = document.querySelector(".themes");
    const show = () => {
      for (const button of switcher?.children ?? []) {
        button.setAttribute("aria-pressed", String(button.value === (root.dataset.theme ?? "auto")));
      }
      const paper = getComputedStyle(root).backgroundColor;
      for (const meta of document.querySelectorAll("meta[name=theme-color]")) {
        if (root.dataset.theme) meta.content = paper;
      }
    };
    if (switcher) {
      switcher.hidden = false;
      switcher.addEventListener("click", ({ target }) => {
        if (!target.value) return;
        try { localStorage.setItem("theme", target.value); } catch { /* it holds for this page */ }
        apply(target.value);
        show();
      });
    }
    addEventListener("storage", () => { apply(kept()); show(); });
    show();
  });
})();
