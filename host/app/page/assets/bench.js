// Sends the workbench's form without leaving the page, and puts the answer in its place. Without this the page itself is
// the answer: the form works all the same.

let sending = false;

async function send(form, button) {
  const fields = new URLSearchParams(new FormData(form, button));
  const answer = await fetch(form.action, { method: "POST", body: fields });
  // It is live, or somebody must sign in: another page.
  if (answer.redirected) return location.assign(answer.url);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("work");
  if (!fresh) return form.submit();
  const work = document.getElementById("work");
  // Parts that were opened stay so.
  const open = [...work.querySelectorAll("details")].map((part) => part.open);
  if (work.querySelectorAll("details").length === fresh.querySelectorAll("details").length) {
    fresh.querySelectorAll("details").forEach((part, n) => { part.open ||= open[n]; });
  }
  work.replaceWith(document.adoptNode(fresh));
  const done = new URLSearchParams(fields).get("do");
  const focus =
    fresh.querySelector("[autofocus]")
    ?? fresh.querySelector("[data-result]")
    ?? fresh.querySelector("#note")
    ?? fresh.querySelector(`button[value="${CSS.escape(done)}"]`);
  focus?.focus({ preventScroll: true });
  focus?.scrollIntoView({ block: "nearest" });
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.id !== "bench" || event.defaultPrevented) return;
  event.preventDefault();
  if (sending) return;
  sending = true;
  document.body.setAttribute("aria-busy", "true");
  try {
    await send(form, event.submitter);
  } finally {
    sending = false;
    document.body.removeAttribute("aria-busy");
  }
});

// An amount in hundredths is shown as it will be read.
document.addEventListener("input", (event) => {
  const shown = event.target.parentElement?.querySelector("[data-money]");
  if (!shown) return;
  const minor = event.target.value.trim();
  shown.textContent = /^\d{1,12}$/.test(minor) ? `¥${(Number(minor) / 100).toFixed(2)}` : "";
});
