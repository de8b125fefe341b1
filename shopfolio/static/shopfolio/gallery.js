// A small picture is shown large on a click; without this script it is a link to the picture itself.
const view = document.querySelector("[data-view]");
const links = [...document.querySelectorAll("[data-views] a")];
const wide = "(min-width: 48rem) 52vw, 80vw";

const show = (link) => {
  const picture = link.querySelector("picture").cloneNode(true);
  for (const each of picture.querySelectorAll("[sizes]")) each.sizes = wide;
  picture.querySelector("img").loading = "eager";
  view.removeAttribute("aria-hidden");
  view.replaceChildren(picture);
  for (const each of links) each.toggleAttribute("aria-current", false);
  link.setAttribute("aria-current", "true");
};

links.forEach((link, place) => {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    show(link);
  });
  link.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = links.at((place + step) % links.length);
    next.focus();
    show(next);
  });
});
