"use strict";
// Shows the JSON block of the page. Names in it are a traced program's own: they only ever become text nodes.
(() => {
const data = JSON.parse(document.getElementById("data").textContent);
const report = data.report;
const images = new Map(report.images.map(image => [image.id, image]));
const ROWS = 200;           // so many at first, then on demand

// Control characters, and those that hide or reorder the text around them, are shown by their code.
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]|\udb40[\udc00-\udc7f]/g;
const clean = value => String(value ?? "").replace(UNSAFE, one => "\\u{" + one.codePointAt(0).toString(16) + "}");
const find = id => document.getElementById(id);
const plural = (count, noun) => count + " " + noun + (count === 1 ? "" : "s");
const last = path => path ? path.slice(path.lastIndexOf("/") + 1) : "";
const seconds = value => value == null ? "" : Number(value).toFixed(value < 10 ? 6 : 3);

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = clean(text);
  return element;
}

function program(image) {
  return image ? last(image.exe) || last((image.argv || [])[0]) || "unknown program" : "unknown program";
}

function where(frame) {
  if (frame.file) return frame.file + (frame.line ? ":" + frame.line : "");
  return (frame.module ? last(frame.module) + "+" : "") + "0x" + Number(frame.offset).toString(16);
}

// Appends what draw makes of the items, the first ROWS of them at once and the rest by a button.
function inPortions(place, items, draw) {
  let drawn = 0;
  const button = make("button", "more");
  button.type = "button";
  const more = () => {
    const part = document.createDocumentFragment();
    const end = Math.min(items.length, drawn + ROWS);
    for (; drawn < end; drawn++) part.append(draw(items[drawn], drawn));
    place.append(part);
    button.textContent = "Show more (" + (items.length - drawn) + " left)";
    if (drawn >= items.length) button.remove();
  };
  more();
  if (drawn < items.length) {
    button.addEventListener("click", more);
    (place.tagName === "TBODY" ? place.closest(".scroll") : place).after(button);
  }
  return button;
}

// columns: {title, value(item), kind: "number" | "mono" | "wide" | "", node(item)}; value sorts, and shows without node.
function table(id, columns, items, order) {
  const place = find(id), grid = make("table"), head = make("tr"), body = make("tbody");
  let shown = items.slice(), button, words = "", column = null, sign = 1;
  const draw = item => {
    const row = make("tr");
    for (const one of columns) {
      const cell = make("td", one.kind || "");
      if (one.node) cell.append(one.node(item));
      else cell.append(make("bdi", "", one.kind === "number" && one.digits ? seconds(one.value(item)) : one.value(item)));
      row.append(cell);
    }
    return row;
  };
  const render = () => {
    const text = item => columns.map(one => one.value(item)).join(" ").toLowerCase();
    shown = words ? items.filter(item => text(item).includes(words)) : items.slice();
    if (column) shown.sort((a, b) => {
      const x = column.rank ? column.rank(a) : column.value(a), y = column.rank ? column.rank(b) : column.value(b);
      const less = typeof x === "number" && typeof y === "number" ? x - y : String(x ?? "").localeCompare(String(y ?? ""));
      return sign * less;
    });
    body.replaceChildren();
    if (button) button.remove();
    button = inPortions(body, shown, draw);
  };
  for (const one of columns) {
    const cell = make("th"), press = make("button", "", one.title);
    press.type = "button";
    cell.scope = "col";
    press.addEventListener("click", () => {
      sign = column === one ? -sign : 1;
      column = one;
      for (const other of head.children) other.removeAttribute("aria-sort");
      cell.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
      render();
    });
    cell.append(press);
    head.append(cell);
  }
  const top = make("thead");
  top.append(head);
  grid.append(top, body);
  place.append(items.length ? grid : make("p", "hint", "None."));
  render();
  return text => { words = text; render(); };
}

function showHead() {
  const open = report.images.reduce((sum, image) => sum + image.open_at_end.filter(one => one.state === "open").length, 0);
  const births = report.images.reduce((sum, image) => sum + image.counts.births, 0);
  const counts = new Map();
  for (const finding of report.findings) counts.set(finding.severity, (counts.get(finding.severity) || 0) + 1);
  find("command").textContent = clean(report.command.join(" "));
  document.title = "fdtrace: " + clean(last(report.command[0] || ""));
  const totals = [...counts].map(([severity, count]) => [count, severity + (count === 1 ? "" : "s"), severity]);
  if (!counts.size) totals.push([0, "findings", ""]);
  totals.push([report.images.length, report.images.length === 1 ? "program image" : "program images", ""],
              [births, "descriptors opened", ""], [open, "open at the end", ""]);
  if (report.suppressed) totals.push([report.suppressed, "suppressed", ""]);
  for (const [count, noun, className] of totals) {
    const item = make("li", className);
    item.append(make("b", "", count), clean(noun));
    find("totals").append(item);
  }
  if (report.gate && report.gate.why) {
    find("verdict").hidden = false;
    find("verdict").textContent = clean(report.gate.why);
  }
}

// The frame to look at first: the innermost one with a source file of the program's own module.
function ownFrame(finding, stack) {
  const exe = (images.get(finding.image) || {}).exe;
  return stack && (stack.frames.find(frame => frame.module === exe && frame.file) ||
                   stack.frames.find(frame => frame.file) || stack.frames[0]);
}

function stackNode(stack, open) {
  const node = make("details"), list = make("ol", "stack");
  node.open = open;
  const what = stack.role + (stack.call ? " by " + stack.call + "()" : "") + ", " + seconds(stack.time) + " s" +
      (stack.thread ? ", thread " + stack.thread : "") +
      (stack.thread_name ? " \"" + stack.thread_name + "\"" : "") + (stack.via ? ", through " + stack.via + "()" : "");
  node.append(make("summary", "", what), list);
  for (const frame of stack.frames) {
    const item = make("li");
    item.append(make("bdi", "", frame.function || "??"), " ",
                make("bdi", "at", where(frame) + (frame.inlined ? " (inlined)" : "")));
    list.append(item);
  }
  if (!stack.frames.length) list.append(make("li", "at", "no stack was recorded"));
  if (stack.cut) list.append(make("li", "at", "... and further out than was recorded"));
  return node;
}

function descriptorText(one) {
  return one.fd + " " + one.kind + (one.name ? " " + one.name : "") + (one.state === "open" ? "" : ", " + one.state);
}

function findingNode(finding, index) {
  const image = images.get(finding.image);
  const node = make("article", "finding is-" + clean(finding.severity).replace(/\W/g, ""));
  node.id = "finding-" + index;
  const title = make("h3");
  title.append(make("span", clean(finding.severity).replace(/\W/g, ""), finding.severity), ": ",
               make("bdi", "", finding.message), " ", make("span", "dim", "[" + finding.rule + "]"));
  node.append(title);
  let meta = program(image) + " (process " + finding.pid + ")";
  if (finding.images.length > 1) meta += " and " + plural(finding.images.length - 1, "more image");
  meta += ", count " + finding.count;
  if (finding.crossings) meta += ", crossed " + plural(finding.crossings, "time");
  if (finding.target) meta += ", received by " + (finding.target_argv || [finding.target]).join(" ");
  if (finding.known) meta += ", baseline has " + finding.known;
  node.append(make("p", "meta", meta));
  if (finding.suggestion) node.append(make("p", "help", finding.suggestion));
  finding.stacks.forEach((stack, at) => node.append(stackNode(stack, at === 0 && index < 5)));
  if (finding.descriptors.length) {
    const list = make("details"), lines = make("ol", "stack");
    list.append(make("summary", "", plural(finding.descriptors.length, "descriptor")), lines);
    list.addEventListener("toggle", () => {
      if (!lines.childNodes.length)
        inPortions(lines, finding.descriptors, one => make("li", "", descriptorText(one)));
    });
    node.append(list);
  }
  return node;
}

function showFindings() {
  const items = report.findings.map((finding, index) => ({finding, index}));
  const place = item => {
    const frame = ownFrame(item.finding, item.finding.stacks[0]);
    return frame ? (frame.function || "??") + " " + where(frame) : "";
  };
  const filterTable = table("finding-table", [
    {title: "Severity", value: item => item.finding.severity, rank: item => item.index,
     node: item => make("span", item.finding.severity.replace(/\W/g, ""), item.finding.severity)},
    {title: "Rule", value: item => item.finding.rule, node: item => {
      const link = make("a", "", item.finding.rule);
      link.href = "#finding-" + item.index;
      link.addEventListener("click", () => reveal(item.index));
      return link;
    }},
    {title: "Count", kind: "number", value: item => item.finding.count},
    {title: "Program", value: item => program(images.get(item.finding.image))},
    {title: "Place", kind: "mono wide", value: place},
    {title: "Message", kind: "wide", value: item => item.finding.message},
  ], items);
  const list = find("finding-list");
  let button, shown = items;
  const draw = () => {
    list.replaceChildren();
    if (button) button.remove();
    button = inPortions(list, shown, item => findingNode(item.finding, item.index));
  };
  // A link may lead to a finding that has not been drawn yet.
  const reveal = index => { while (!find("finding-" + index) && button.isConnected) button.click(); };
  draw();
  return words => {
    filterTable(words);
    shown = words ? items.filter(item => JSON.stringify(item.finding).toLowerCase().includes(words)) : items;
    draw();
  };
}

function showDescriptors() {
  const rows = report.images.flatMap(image => image.open_at_end.map(one => ({image, one})));
  return table("descriptor-table", [
    {title: "Number", kind: "number", value: row => row.one.fd},
    {title: "Program", value: row => program(row.image) + " " + row.image.pid},
    {title: "Kind", value: row => row.one.kind},
    {title: "Name", kind: "mono wide", value: row => row.one.name},
    {title: "State", value: row => row.one.state},
    {title: "Call", kind: "mono", value: row => row.one.call ?? ""},
    {title: "Close-on-exec", value: row => row.one.cloexec ? "yes" : "no"},
    {title: "Born (s)", kind: "number", digits: true, value: row => row.one.born},
    {title: "Age (s)", kind: "number", digits: true, value: row => row.one.age},
  ], rows);
}

function endText(image) {
  const end = image.end;
  return end.how === "exit" ? "exit " + end.status : end.how === "signal" ? "signal " + end.status : end.how;
}

function showPrograms() {
  return table("program-table", [
    {title: "Process", kind: "number", value: image => image.pid},
    {title: "Program", kind: "mono", value: program},
    {title: "Began", value: image => image.how},
    {title: "Ended", value: endText},
    {title: "Opened", kind: "number", value: image => image.counts.births},
    {title: "Closed", kind: "number", value: image => image.counts.deaths},
    {title: "Most at once", kind: "number", value: image => image.counts.peak},
    {title: "Open at the end", kind: "number", value: image => image.open_at_end.length},
    {title: "Traced", kind: "wide", value: image => image.traced ? "yes" : "no: " + (image.reason || "")},
    {title: "Arguments", kind: "mono wide", value: image => image.argv.join(" ")},
  ], report.images);
}

// A tree of frames with the sum of a weight (1 births, 2 live) below each.
function flameTree(weight) {
  const root = {label: "all programs", at: null, value: 0, children: new Map(), parent: null};
  for (const sample of data.samples) {
    if (!sample[weight]) continue;
    let node = root;
    node.value += sample[weight];
    for (const index of sample[3]) {
      let child = node.children.get(index);
      if (!child) {
        const [label, at] = data.frames[index];
        node.children.set(index, child = {label, at, value: 0, children: new Map(), parent: node});
      }
      child.value += sample[weight];
      node = child;
    }
  }
  return root;
}

function flameColor(label) {
  let hash = 0;
  for (let i = 0; i < label.length; i++) hash = (hash * 31 + label.charCodeAt(i)) >>> 0;
  return "hsl(" + (10 + hash % 45) + " " + (60 + (hash >> 8) % 20) + "% " + (64 + (hash >> 16) % 12) + "%)";
}

function showFlame() {
  const HEIGHT = 21, graph = find("flame-graph"), detail = find("flame-detail"), hint = detail.textContent;
  let weight = 2, root = flameTree(weight), words = "";
  const tell = node => node.label + (node.at ? " at " + node.at : "") + ": " + plural(node.value, "descriptor") +
      " (" + (100 * node.value / root.value).toFixed(1) + "%)";
  const put = (node, left, width, depth) => {
    const box = make("button", "frame", node.label);
    box.type = "button";
    box.title = clean(tell(node));
    box.style.left = left + "%";
    box.style.width = width + "%";
    box.style.top = depth * HEIGHT + "px";
    box.style.background = words && node.label.toLowerCase().includes(words) ? "#d58be0" : flameColor(node.label);
    box.addEventListener("click", () => draw(node));
    box.addEventListener("mouseenter", () => { detail.textContent = clean(tell(node)); });
    box.addEventListener("focus", () => { detail.textContent = clean(tell(node)); });
    graph.append(box);
  };
  const draw = focus => {
    graph.replaceChildren();
    if (!root.value) {
      graph.append(make("p", "hint", "No descriptor to show."));
      graph.style.height = "auto";
      return;
    }
    const line = [];
    for (let node = focus.parent; node; node = node.parent) line.unshift(node);
    line.forEach((node, depth) => put(node, 0, 100, depth));
    let deepest = line.length, boxes = 0;
    const waiting = [[focus, 0, 100, line.length]];
    while (waiting.length && boxes++ < 5000) {
      const [node, left, width, depth] = waiting.shift();
      put(node, left, width, depth);
      deepest = Math.max(deepest, depth);
      let at = left;
      for (const child of [...node.children.values()].sort((a, b) => b.value - a.value)) {
        const share = width * child.value / node.value;
        if (share > 0.05) waiting.push([child, at, share, depth + 1]);
        at += share;
      }
    }
    graph.style.height = (deepest + 1) * HEIGHT + 2 + "px";
  };
  const choose = one => {
    weight = one;
    root = flameTree(weight);
    find("flame-live").setAttribute("aria-pressed", String(weight === 2));
    find("flame-births").setAttribute("aria-pressed", String(weight === 1));
    detail.textContent = hint;
    draw(root);
  };
  find("flame-live").addEventListener("click", () => choose(2));
  find("flame-births").addEventListener("click", () => choose(1));
  find("flame-reset").addEventListener("click", () => choose(weight));
  choose(root.value ? 2 : 1);
  return text => { words = text; draw(root); };
}

// The words of a lifetime: image, fd, state, kind, name, call, begin, end, birth seen, end seen.
function lifetimeRow(life, total) {
  const [, fd, state, kind, name, call, begin, end, birthSeen, endSeen] = life;
  const row = make("div", "row"), track = make("div", "track");
  const style = state === "hidden" || state === "ignored" ? "excused" : state;
  const bar = make("div", "bar " + style.replace(/\W/g, "") + (endSeen ? "" : " unseen"));
  const label = fd + " " + (name || kind);
  const text = "descriptor " + fd + ", " + kind + (name ? " " + name : "") + (call ? ", by " + call + "()" : "") + ": " +
      (birthSeen ? "born at " : "there from ") + seconds(begin) + " s, " +
      (state !== "closed" ? state + " at the end, " : endSeen ? "closed at " : "closed unseen before ") + seconds(end) + " s";
  bar.style.left = Math.min(100 * begin / total, 99.5) + "%";
  bar.style.width = Math.max(0, Math.min(100, 100 * (end - begin) / total)) + "%";
  row.title = clean(text);
  row.append(make("div", "name", label), track);
  track.append(bar);
  return row;
}

function axis(total) {
  const node = make("div", "axis");
  for (let i = 0; i <= 4; i++) {
    const mark = make("span", "", (total * i / 4).toPrecision(3) + " s");
    mark.style.left = 25 * i + "%";
    node.append(mark);
  }
  return node;
}

function showTimeline() {
  const place = find("timeline-rows");
  const total = Math.max(1e-9, ...data.spans.filter(Boolean).map(span => span[1]));
  const byImage = new Map();
  for (const life of data.lifetimes) {
    if (!byImage.has(life[0])) byImage.set(life[0], []);
    byImage.get(life[0]).push(life);
  }
  let button;
  const draw = words => {
    const lanes = [];
    for (const [id, lives] of [...byImage].sort((a, b) => a[0] - b[0])) {
      const name = program(images.get(id)).toLowerCase();
      const fit = lives.filter(life => !words || name.includes(words) || life.join(" ").toLowerCase().includes(words));
      if (fit.length) lanes.push([id, fit.sort((a, b) => a[1] - b[1])]);
    }
    place.replaceChildren();
    if (button) button.remove();
    button = inPortions(place, lanes, ([id, lives]) => {
      const lane = make("div", "lane"), rows = make("div"), image = images.get(id);
      lane.append(make("h3", "", program(image) + " (process " + image.pid + ")"), axis(total), rows);
      inPortions(rows, lives, life => lifetimeRow(life, total));
      return lane;
    });
    if (!lanes.length) place.append(make("p", "hint", "None."));
  };
  draw("");
  if (data.left_out)
    place.after(make("p", "hint", plural(data.left_out, "closed lifetime") + " left out for want of room."));
  return draw;
}

function showTree() {
  const children = new Map(), rows = [], seen = new Set();
  for (const image of report.images) {
    const parent = images.has(image.predecessor) ? image.predecessor : null;
    if (!children.has(parent)) children.set(parent, []);
    children.get(parent).push(image);
  }
  const waiting = (children.get(null) || []).map(image => [image, 0]).reverse();
  while (waiting.length) {
    const [image, depth] = waiting.pop();
    if (seen.has(image.id)) continue;
    seen.add(image.id);
    rows.push([image, depth]);
    for (const child of (children.get(image.id) || []).slice().reverse()) waiting.push([child, depth + 1]);
  }
  const verbs = {start: "", fork: "forked ", exec: "executed ", spawn: "spawned "};
  inPortions(find("tree-rows"), rows, ([image, depth]) => {
    const node = make("div", "node" + (depth ? "" : " root"));
    node.style.paddingLeft = Math.min(depth, 16) * 1.1 + "em";
    node.append(make("span", "dim", image.pid + " " + (depth ? verbs[image.how] || "" : "")),
                make("bdi", "mono", program(image) + (image.how === "fork" ? "" : " " + image.argv.slice(1).join(" "))),
                make("span", "dim", ": " + (image.traced ? endText(image) + ", " + image.open_at_end.length + " open" :
                                            "not traced" + (image.reason ? ": " + image.reason : ""))));
    return node;
  });
}

showHead();
const filters = [showFindings(), showDescriptors(), showPrograms(), showFlame(), showTimeline()];
showTree();
let pause;
find("filter").addEventListener("input", event => {
  clearTimeout(pause);
  pause = setTimeout(() => filters.forEach(filter => filter(event.target.value.trim().toLowerCase())), 120);
});
})();
