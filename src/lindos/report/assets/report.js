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
  boxes.forEach(draw);

  button.addEventListener("click", () => {
    chosen = theme() === "dark" ? "light" : "dark";
    store(chosen);
    paint();
  });
  system.addEventListener("change", paint);

  // On paper: light, and with everything unfolded.
  window.addEventListener("beforeprint", () => {
    document.querySelectorAll("details:not([open], .refs)").forEach((one) => { one.open = true; one.dataset.folded = ""; });
    root.dataset.theme = "light";
    for (const box of boxes) if (box.layout) dress(box);
  });
  window.addEventListener("afterprint", () => {
    document.querySelectorAll("details[data-folded]").forEach((one) => { one.open = false; delete one.dataset.folded; });
    paint();
  });
})();
