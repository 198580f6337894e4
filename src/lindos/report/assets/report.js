"use strict";
// Theme: "#dark" or "#light" in the address, else the last choice, else what the system prefers.
(() => {
  const root = document.documentElement;
  const button = document.getElementById("theme");
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const stored = () => { try { return localStorage.getItem("lindos-theme"); } catch { return null; } };
  const store = (theme) => { try { localStorage.setItem("lindos-theme", theme); } catch { /* a file may not store */ } };
  const asked = { "#dark": "dark", "#light": "light" }[location.hash];
  let chosen = asked || stored();
  const theme = () => chosen || (system.matches ? "dark" : "light");

  const element = document.getElementById("chart-data");
  const charts = element ? JSON.parse(element.textContent) : {};
  const colour = (name) => getComputedStyle(root).getPropertyValue(name).trim();

  // What the theme decides of a layout, in plotly's dotted names so that drawing and switching share it.
  const themed = (layout) => {
    const soft = colour("--soft"), rule = colour("--rule"), ink = colour("--ink");
    const changes = {
      "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)", "font.color": soft,
      "hoverlabel.bgcolor": colour("--raised"), "hoverlabel.bordercolor": rule, "hoverlabel.font.color": ink,
    };
    for (const axis of ["xaxis", "yaxis"]) {
      changes[`${axis}.gridcolor`] = rule;
      changes[`${axis}.linecolor`] = rule;
      changes[`${axis}.zerolinecolor`] = rule;
    }
    (layout.shapes || []).forEach((_, at) => {
      changes[`shapes[${at}].line.color`] = ink;
    });
    return changes;
  };

  // Whiskers are drawn over bars and paper alike, in the colour of the text.
  const dress = (box) => {
    const bars = box.data.map((trace, at) => at).filter((at) => box.data[at].error_x || box.data[at].error_y);
    Plotly.relayout(box, themed(box.layout));
    if (bars.length) Plotly.restyle(box, { "error_x.color": colour("--ink"), "error_y.color": colour("--ink") }, bars);
  };

  const draw = (box) => {
    const { traces, layout, series, height } = charts[box.dataset.chart];
    const family = getComputedStyle(document.body).fontFamily;
    Object.assign(layout, {
      height, margin: { l: 8, r: 14, t: 14, b: 8 }, showlegend: false, hovermode: "closest", dragmode: false,
      font: { family, size: 12.5 }, hoverlabel: { font: { family, size: 12.5 }, align: "left" },
    });
    for (const axis of ["xaxis", "yaxis"]) {
      layout[axis].fixedrange = true;
      layout[axis].title.font = { size: 12.5 };
    }
    const config = { responsive: true, displaylogo: false, displayModeBar: false };
    Plotly.newPlot(box, traces, layout, config).then(dress);
    const legend = box.parentElement.querySelectorAll(".legend button");
    legend.forEach((entry, at) => entry.addEventListener("click", () => {
      const shown = entry.getAttribute("aria-pressed") !== "true";
      entry.setAttribute("aria-pressed", String(shown));
      Plotly.restyle(box, { visible: shown }, series[at]);
    }));
  };

  const boxes = [...document.querySelectorAll("[data-chart]")];
  const paint = () => {
    root.dataset.theme = theme();
    button.textContent = theme() === "dark" ? "Light" : "Dark";
    for (const box of boxes) if (box.layout) dress(box);
  };
  paint();

  // A chart is drawn when its section opens: it needs its width.
  const drawIn = (part) => {
    for (const box of part.querySelectorAll("[data-chart]")) {
      if (!box.layout && box.offsetParent !== null) draw(box);
    }
  };
  const sections = [...document.querySelectorAll("details.section")];
  sections.forEach((section) => section.addEventListener("toggle", () => { if (section.open) drawIn(section); }));
  drawIn(document);

  // A link into a folded section opens it.
  const reveal = () => {
    const target = location.hash.length > 1 ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
    for (let part = target; part; part = part.parentElement) if (part.tagName === "DETAILS") part.open = true;
    if (target) target.scrollIntoView();
  };
  window.addEventListener("hashchange", reveal);
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#"]');
    if (link && link.hash === location.hash) reveal();
  });
  reveal();

  // The entry of the contents whose section is in view.
  const entries = [...document.querySelectorAll("nav a")];
  const inView = new Set();
  const observer = new IntersectionObserver((changes) => {
    for (const change of changes) change.isIntersecting ? inView.add(change.target.id) : inView.delete(change.target.id);
    const current = entries.find((entry) => inView.has(entry.hash.slice(1)));
    for (const entry of entries) entry === current ? entry.setAttribute("aria-current", "true") : entry.removeAttribute("aria-current");
  }, { rootMargin: "-15% 0px -55% 0px" });
  entries.forEach((entry) => { const part = document.getElementById(entry.hash.slice(1)); if (part) observer.observe(part); });
  const unfold = document.getElementById("unfold");
  unfold.addEventListener("click", () => {
    const open = sections.some((section) => !section.open);
    sections.forEach((section) => { section.open = open; });
    unfold.textContent = open ? "Close all" : "Open all";
  });

  // Charts as PNG and SVG, tables as CSV and XLSX.
  const tables = window.lindosTables;
  document.addEventListener("click", (event) => {
    const { save: format, name } = event.target.dataset || {};
    if (!format) return;
    if (format === "png" || format === "svg") {
      const box = event.target.closest("figure").querySelector("[data-chart]");
      const layout = { ...box.layout, title: { text: event.target.dataset.title, font: { size: 15 } }, paper_bgcolor: colour("--paper"),
        margin: { l: 60, r: 30, t: 50, b: 60 }, showlegend: box.data.length > 1 };
      Plotly.toImage({ data: box.data, layout }, { format, width: Math.max(720, box.offsetWidth), height: Math.max(box.offsetHeight + 60, 130 + 21 * box.data.length), scale: 2 })
        .then((address) => {
          const link = document.createElement("a");
          link.href = address;
          link.download = `${name}.${format}`;
          link.click();
        });
      return;
    }
    const rows = tables.cells(event.target.closest(".table").querySelector("table"));
    const blob = format === "csv" ? new Blob([tables.csv(rows)], { type: "text/csv" }) : tables.workbook([{ name, rows }]);
    tables.save(blob, `${name}.${format}`);
  });
  document.getElementById("workbook").addEventListener("click", () => {
    const sheets = [...document.querySelectorAll(".table")].map((box) => ({ name: box.dataset.title, rows: tables.cells(box.querySelector("table")) }));
    if (sheets.length) tables.save(tables.workbook(sheets), "lindos.xlsx");
  });

  button.addEventListener("click", () => {
    chosen = theme() === "dark" ? "light" : "dark";
    store(chosen);
    paint();
  });
  system.addEventListener("change", paint);

  // On paper: light, the summary, and the sections that are open.
  window.addEventListener("beforeprint", () => {
    root.dataset.theme = "light";
    for (const box of boxes) if (box.layout) dress(box);
  });
  window.addEventListener("afterprint", paint);
})();
