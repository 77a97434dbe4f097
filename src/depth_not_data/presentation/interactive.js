/* Brings the interactive figures of a page to life. The build puts this behind Vega, `engine` here,
   in one file that the pages with such figures share. */

/* Room for the vertical axis and its title, which a panel's width does not count. */
const MARGIN = 64;

function shown(value) {
  if (typeof value !== "number") return String(value);
  if (Number.isInteger(value)) return String(value);
  return Math.abs(value) < 1e-3 ? value.toExponential(1) : String(Number(value.toPrecision(3)));
}

function fillTable(table, rows, reading) {
  const fields = Object.keys(reading.columns);
  const sorted = [...rows].sort((a, b) => a[reading.order] - b[reading.order]);
  table.tBodies[0].replaceChildren(...sorted.map((row) => {
    const line = document.createElement("tr");
    for (const field of fields) line.insertCell().textContent = shown(row[field]);
    return line;
  }));
}

/* Native sliders come from Vega; their name is the label alone, without the value beside it. */
function nameControls(controls) {
  for (const bind of controls.querySelectorAll(".vega-bind")) {
    const name = bind.querySelector(".vega-bind-name");
    const input = bind.querySelector("input, select");
    if (name && input) input.setAttribute("aria-label", name.textContent.trim());
  }
}

async function bring(figure) {
  const part = (name) => figure.querySelector(`.explorer-${name}`);
  const plot = part("plot");
  const specification = JSON.parse(part("specification").textContent);
  const { reading, views } = specification.usermeta;
  const widthNow = () => Math.max(220, plot.clientWidth - MARGIN);
  figure.classList.add("live");  // before the width is read: what is not displayed has none
  specification.width = widthNow();
  // A tree of its own for the marks: the theme's icon script searches every node that is added to
  // the page, which makes a figure with a thousand marks ten times as slow.
  const canvas = document.createElement("div");
  canvas.style.lineHeight = 0;
  canvas.ariaHidden = "true";  // the plot has a name, and what the marks show stands in the table
  plot.attachShadow({ mode: "open" }).append(canvas);
  const view = new engine.View(engine.parse(specification), { renderer: "svg" });
  view.logLevel(engine.Error).initialize(canvas, part("controls"));
  await view.runAsync();
  nameControls(part("controls"));

  const rows = (name) => view.data(views[name]);
  const say = () => {
    const [datum] = rows(reading.sentence);
    if (datum) part("sentence").textContent = datum[reading.sentence];
  };
  const list = () => fillTable(part("table"), rows(reading.table), reading);
  say();
  list();
  part("sentence").setAttribute("aria-live", "polite");  // from now on: what a reader changes
  view.addDataListener(views[reading.sentence], say);
  view.addDataListener(views[reading.table], list);
  let width = widthNow();
  new ResizeObserver(() => {
    if (widthNow() === width) return;
    width = widthNow();
    view.width(width).runAsync();
  }).observe(plot);
  figure.explorer = { view, rows };
}

for (const figure of document.querySelectorAll(".explorer")) {
  bring(figure).catch((error) => {
    figure.classList.remove("live");  // the still picture is back
    console.error(error);
  });
}
