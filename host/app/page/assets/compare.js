// Before and after, one over the other, with a slider between them. Without this both stand side by side.

function lay(figure) {
  if (figure.dataset.laid) return;
  figure.dataset.laid = "1";
  const slider = document.createElement("input");
  slider.type = "range";
  slider.min = "0";
  slider.max = "100";
  slider.id = `${figure.id}-slider`;
  slider.value = positions.get(figure.id) ?? "50";
  slider.setAttribute("aria-label", figure.dataset.label);
  const move = () => {
    positions.set(figure.id, slider.value);
    figure.style.setProperty("--split", `${slider.value}%`);
  };
  slider.addEventListener("input", move);
  figure.append(slider);
  figure.classList.add("laid");
  move();
}

const positions = new Map();
const all = () => document.querySelectorAll("[data-compare]").forEach(lay);
all();
document.addEventListener("swapped", all);
