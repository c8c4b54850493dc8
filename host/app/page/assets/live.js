// Keeps a page as it would be if it were opened now. When something happens in the shop, the page is fetched again and
// what changed is put in: inside every [data-swap], child by child, by id. What did not change stays as it is, with its
// focus and its position.

const body = document.body;
const parser = new DOMParser();
/** How each child came from the server: scripts change some of them afterwards. */
const sources = new WeakMap();

function remember(root) {
  for (const list of root.querySelectorAll("[data-swap]")) {
    for (const child of list.children) sources.set(child, child.outerHTML);
  }
}

function swap(list, fresh) {
  const old = new Map([...list.children].map((child) => [child.id, child]));
  const wanted = [...fresh.children].map((child) => {
    const source = child.outerHTML;
    const known = old.get(child.id);
    if (known && sources.get(known) === source) return known;
    const next = document.importNode(child, true);
    sources.set(next, source);
    // Somebody is typing there: it comes with the next change.
    return known && known.contains(document.activeElement) && document.activeElement.matches("input, textarea, select")
      ? known
      : next;
  });
  const focused = document.activeElement?.id;
  let place = list.firstElementChild;
  for (const child of wanted) {
    if (child === place) place = place.nextElementSibling;
    else list.insertBefore(child, place);
  }
  const kept = new Set(wanted);
  for (const child of [...list.children]) if (!kept.has(child)) child.remove();
  if (focused && document.activeElement === body) document.getElementById(focused)?.focus({ preventScroll: true });
}

async function refresh() {
  const answer = await fetch(location.href, { headers: { "x-by-itself": "1" }, cache: "no-store" });
  // Signed out meanwhile: the page itself says so.
  if (answer.redirected) return location.reload();
  if (!answer.ok) return;
  const fresh = parser.parseFromString(await answer.text(), "text/html");
  for (const list of document.querySelectorAll("[data-swap]")) {
    const next = fresh.getElementById(list.id);
    if (next) swap(list, next);
  }
  document.dispatchEvent(new CustomEvent("swapped"));
}

let running = false;
let again = false;
async function changed() {
  again = true;
  if (running) return;
  running = true;
  while (again) {
    again = false;
    try {
      await refresh();
    } catch {
      // The line is cut: when it stands again, what was missed comes.
    }
    // Many events at once are one look.
    await new Promise((done) => setTimeout(done, 250));
  }
  running = false;
}

let line;
let after = body.dataset.after;
function listen() {
  line = new EventSource(`${body.dataset.events}?after=${after}`);
  line.addEventListener("happened", (event) => {
    after = event.lastEventId;
    changed();
  });
}

remember(document);
listen();
// A browser has few lines to one host: a page that nobody sees needs none.
document.addEventListener("visibilitychange", () => {
  line.close();
  if (!document.hidden) listen();
});
