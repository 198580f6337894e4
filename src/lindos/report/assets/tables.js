"use strict";
// Tables as CSV and XLSX, made in the browser: the raw numbers in SI, not their text.
window.lindosTables = (() => {
  const cells = (table) => [...table.rows].map((row) => [...row.cells].map((cell) => {
    const raw = cell.dataset.value;
    if (cell.dataset.unit) return `${cell.textContent.trim()} [${cell.dataset.unit}]`;
    return raw === undefined || raw === "" ? cell.textContent.trim() : Number(raw);
  }));

  const csv = (rows) => rows.map((row) => row.map((cell) => {
    let text = String(cell);
    // A spreadsheet would run what begins like a formula.
    if (typeof cell === "string" && /^[=+\-@\t\r]/.test(text)) text = "'" + text;
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  }).join(",")).join("\r\n") + "\r\n";

  const escaped = (text) => text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, "")
    .replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

  const column = (index) => index < 26 ? String.fromCharCode(65 + index) : column(Math.floor(index / 26) - 1) + column(index % 26);

  const sheet = (rows) => '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    + '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    + rows.map((row, y) => `<row r="${y + 1}">` + row.map((cell, x) => {
      const place = `${column(x)}${y + 1}`;
      return typeof cell === "number" && Number.isFinite(cell) ? `<c r="${place}"><v>${cell}</v></c>`
        : `<c r="${place}" t="inlineStr"><is><t xml:space="preserve">${escaped(String(cell))}</t></is></c>`;
    }).join("") + "</row>").join("") + "</sheetData></worksheet>";

  const crcs = Array.from({ length: 256 }, (_, index) => {
    let value = index;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
    return value >>> 0;
  });
  const crc = (bytes) => {
    let value = 0xffffffff;
    for (const byte of bytes) value = crcs[(value ^ byte) & 255] ^ (value >>> 8);
    return (value ^ 0xffffffff) >>> 0;
  };

  // A zip without compression: local headers with their files, the directory, and its end.
  const zip = (files) => {
    const encoder = new TextEncoder(), pieces = [], directory = [];
    let offset = 0;
    const header = (signature, entry, extra) => {
      const view = new DataView(new ArrayBuffer(signature === 0x04034b50 ? 30 : 46));
      let at = 0;
      const put = (value, size) => { size === 2 ? view.setUint16(at, value, true) : view.setUint32(at, value, true); at += size; };
      put(signature, 4);
      if (signature === 0x02014b50) put(20, 2);
      put(20, 2); put(0x0800, 2); put(0, 2); put(0, 2); put(0x21, 2);
      put(entry.crc, 4); put(entry.data.length, 4); put(entry.data.length, 4); put(entry.name.length, 2); put(0, 2);
      if (signature === 0x02014b50) { put(0, 2); put(0, 2); put(0, 2); put(0, 4); put(extra, 4); }
      return new Uint8Array(view.buffer);
    };
    for (const [name, text] of files) {
      const entry = { name: encoder.encode(name), data: encoder.encode(text) };
      entry.crc = crc(entry.data);
      const local = header(0x04034b50, entry, 0);
      pieces.push(local, entry.name, entry.data);
      directory.push(header(0x02014b50, entry, offset), entry.name);
      offset += local.length + entry.name.length + entry.data.length;
    }
    const size = directory.reduce((sum, piece) => sum + piece.length, 0);
    const end = new DataView(new ArrayBuffer(22));
    end.setUint32(0, 0x06054b50, true);
    end.setUint16(8, files.length, true); end.setUint16(10, files.length, true);
    end.setUint32(12, size, true); end.setUint32(16, offset, true);
    return new Blob([...pieces, ...directory, new Uint8Array(end.buffer)],
      { type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" });
  };

  const workbook = (sheets) => {
    const names = [];
    for (const { name } of sheets) {
      // Names of sheets are unique, of at most 31 characters, and without these signs.
      const base = name.replace(/[\\/?*[\]:']/g, " ").slice(0, 27).trim() || "table";
      let unique = base;
      for (let count = 2; names.some((other) => other.toLowerCase() === unique.toLowerCase()); count++) unique = `${base} ${count}`;
      names.push(unique);
    }
    const kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const start = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>';
    const parts = "application/vnd.openxmlformats-officedocument.spreadsheetml.";
    return zip([
      ["[Content_Types].xml", `${start}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">`
        + '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        + '<Default Extension="xml" ContentType="application/xml"/>'
        + `<Override PartName="/xl/workbook.xml" ContentType="${parts}sheet.main+xml"/>`
        + names.map((_, i) => `<Override PartName="/xl/worksheets/sheet${i + 1}.xml" ContentType="${parts}worksheet+xml"/>`).join("") + "</Types>"],
      ["_rels/.rels", `${start}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`
        + `<Relationship Id="rId1" Type="${kind}/officeDocument" Target="xl/workbook.xml"/></Relationships>`],
      ["xl/workbook.xml", `${start}<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="${kind}"><sheets>`
        + names.map((name, i) => `<sheet name="${escaped(name).replaceAll('"', "&quot;")}" sheetId="${i + 1}" r:id="rId${i + 1}"/>`).join("") + "</sheets></workbook>"],
      ["xl/_rels/workbook.xml.rels", `${start}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`
        + names.map((_, i) => `<Relationship Id="rId${i + 1}" Type="${kind}/worksheet" Target="worksheets/sheet${i + 1}.xml"/>`).join("") + "</Relationships>"],
      ...sheets.map(({ rows }, i) => [`xl/worksheets/sheet${i + 1}.xml`, sheet(rows)]),
    ]);
  };

  const save = (blob, name) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };
  return { cells, csv, workbook, save };
})();
