// A click on a picture sets the figures below it: the point that stays in sight. A dot shows where that is.
document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("img[data-focus]").forEach((picture) => {
    const [x, y] = ["x", "y"].map((axis) => document.getElementById(`${picture.dataset.focus}_${axis}`));
    if (!x || !y) return;
    const dot = document.createElement("i");
    const mark = () => { dot.style.left = `${x.value || 50}%`; dot.style.top = `${y.value || 50}%`; };
    picture.after(dot);
    const hint = picture.closest(".picture").querySelector("[data-focus-hint]");
    if (hint) hint.hidden = false;
    picture.addEventListener("click", (event) => {
      x.value = Math.round((100 * event.offsetX) / picture.offsetWidth);
      y.value = Math.round((100 * event.offsetY) / picture.offsetHeight);
      mark();
    });
    [x, y].forEach((field) => field.addEventListener("input", mark));
    mark();
  });
});
