(() => {
  "use strict";
  const each = (root, what) => [...root.querySelectorAll(what)];
  let counter = 0;

  for (const root of each(document, ".srcad-view:not([data-ready])")) {
    root.dataset.ready = "yes";
    if (!root.classList.contains("srcad-page")) root.classList.add("embedded");
    theme(root);
    for (const view of each(root, ".view")) links(view);
  }

  // Light and dark: as the system says, or the notebook, until somebody chooses.
  function theme(root) {
    const system = matchMedia("(prefers-color-scheme: dark)");
    const button = root.querySelector(".theme");
    let chosen = null;
    const notebook = () => {
      const { dataset, classList } = document.body;
      if (dataset.jpThemeLight) return dataset.jpThemeLight === "false";
      return classList.contains("vscode-dark") || (classList.contains("vscode-light") ? false : null);
    };
    const show = () => {
      const given = chosen ?? (root.classList.contains("srcad-page") ? null : notebook() ?? false);
      root.classList.toggle("dark", given === true);
      root.classList.toggle("light", given === false);
      button?.setAttribute("aria-pressed", String(given ?? system.matches));
    };
    button?.addEventListener("click", () => { chosen = button.getAttribute("aria-pressed") !== "true"; show(); });
    system.addEventListener("change", show);
    show();
  }

  function links(view) {
    const split = view.querySelector(".split"), canvas = view.querySelector(".links"), said = view.querySelector(".said");
    const primal = view.querySelector(".side.primal");
    const lines = each(view, ".ln[role=option]");
    let held = null, shown = null;

    // Per statement the lines of the function, and those of the text that is shown.
    let live = [], places = new Map();
    const visible = (line) => line.offsetParent !== null;
    const isPrimal = (line) => line.side === 0;
    for (const line of lines) line.side = primal.contains(line) ? 0 : 1;
    const counterparts = (line) => places.get(line.dataset.p)?.[1 - line.side] ?? [];
    const siblings = (line) => places.get(line.dataset.p)?.[line.side] ?? [line];

    function survey() {
      live = lines.filter(visible);
      places = new Map();
      for (const line of live) {
        if (!line.dataset.p) continue;
        if (!places.has(line.dataset.p)) places.set(line.dataset.p, [[], []]);
        places.get(line.dataset.p)[line.side].push(line);
      }
      mark();
    }

    // What belongs to a line lights up: its statement, the counterparts, and who reads what is saved there.
    function light(line) {
      shown = line;
      for (const other of lines) other.classList.remove("lit", "at", "reader");
      if (line) {
        const found = [...siblings(line), ...counterparts(line)];
        for (const other of found) other.classList.add("lit");
        line.classList.add("at");
        const keepers = isPrimal(line) ? found : [line];
        const reads = new Set(keepers.flatMap((other) => (other.dataset.reads ?? "").split(" ").filter(Boolean)));
        for (const other of live) if (!isPrimal(other) && reads.has(other.dataset.n)) other.classList.add("reader");
      }
      said.textContent = line ? describe(line) : "";
      draw();
    }

    const numbers = (found) => {
      const out = [];
      for (const number of found.map((line) => +line.dataset.n)) {
        const last = out.at(-1);
        if (last && last[1] === number - 1) last[1] = number; else out.push([number, number]);
      }
      return `line${out.length > 1 || (out[0] && out[0][0] !== out[0][1]) ? "s" : ""} ` +
        out.map(([first, last]) => (first === last ? first : `${first}–${last}`)).join(", ");
    };

    function describe(line) {
      const others = counterparts(line), here = isPrimal(line);
      const note = (here ? others : [line]).map((other) => other.title).filter(Boolean).join("; ");
      const of = others.length ? `${numbers(others)} of ${here ? "the derivative" : "the function"}` : "no counterpart";
      return `Line ${line.dataset.n}${here ? "" : " of the derivative"}: ${of}${note ? ` — ${note}` : ""}`;
    }

    // Lines that follow each other in one sweep.
    const runs = (found) => {
      const out = [];
      for (const line of found) {
        const tone = ["adjoint", "tangent"].find((name) => line.classList.contains(name)) ?? "primal";
        const last = out.at(-1);
        if (last && last.tone === tone && last.lines.at(-1).nextElementSibling === line) last.lines.push(line);
        else out.push({ lines: [line], tone });
      }
      return out;
    };

    // Ribbons between the lines of a statement and each run of lines that belong to it.
    function draw() {
      const box = canvas.getBoundingClientRect();
      if (!box.width) return;
      const limits = primal.getBoundingClientRect();
      const paths = [];
      for (const [place, [from, to]] of places) {
        for (const a of runs(from)) for (const b of runs(to)) {
          const span = (run) => {
            const top = run.lines[0].getBoundingClientRect().top, end = run.lines.at(-1).getBoundingClientRect().bottom;
            return [top - box.top + 1, end - box.top - 1];
          };
          let [a0, a1] = span(a);
          const [b0, b1] = span(b);
          const low = limits.top - box.top, high = limits.bottom - box.top;
          [a0, a1] = [Math.min(Math.max(a0, low), high - 2), Math.max(Math.min(a1, high), low + 2)];
          const w = box.width, m = w / 2;
          const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
          path.setAttribute("d", `M0 ${a0}C${m} ${a0} ${m} ${b0} ${w} ${b0}V${b1}C${m} ${b1} ${m} ${a1} 0 ${a1}Z`);
          path.setAttribute("class", b.tone + (shown?.dataset.p === place ? " lit" : ""));
          paths.push(path);
        }
      }
      canvas.replaceChildren(...paths);
      canvas.classList.toggle("busy", Boolean(shown?.dataset.p));
    }

    function hold(line) {
      held?.setAttribute("aria-selected", "false");
      held = held === line ? null : line;
      held?.setAttribute("aria-selected", "true");
      light(held);
      if (held) reveal(counterparts(held)[0]);
    }

    function reveal(line) { line?.scrollIntoView({ block: "nearest", inline: "nearest" }); }

    function focus(line) {
      if (!line) return;
      for (const other of lines) if (line.parentNode === other.parentNode) other.tabIndex = -1;
      line.tabIndex = 0;
      line.focus({ preventScroll: true });
      reveal(line);
      light(line);
    }

    for (const list of each(view, "[role=listbox]")) list.querySelector("[role=option]")?.setAttribute("tabindex", "0");
    for (const line of lines) line.id = `srcad-${Date.now().toString(36)}-${counter++}`;

    split.addEventListener("pointerover", (event) => {
      const line = event.target.closest(".ln[role=option]");
      if (line && line !== shown) light(line);
    });
    split.addEventListener("pointerleave", () => light(held));
    split.addEventListener("click", (event) => {
      const line = event.target.closest(".ln[role=option]");
      if (line && !String(getSelection())) { focus(line); hold(line); }
    });
    split.addEventListener("focusin", (event) => { if (event.target.matches(".ln:focus-visible")) light(event.target); });
    split.addEventListener("focusout", (event) => { if (!split.contains(event.relatedTarget)) light(held); });
    split.addEventListener("keydown", (event) => {
      const line = event.target.closest(".ln[role=option]");
      if (!line || event.ctrlKey || event.metaKey || event.altKey) return;
      const list = lines.filter((other) => other.parentNode === line.parentNode), at = list.indexOf(line);
      // To the other side; in the derivative, on to the next run of lines of the same statement.
      const across = (toPrimal) => {
        if (isPrimal(line) !== toPrimal) focus(counterparts(line)[0]);
        else if (!toPrimal) {
          const firsts = runs(siblings(line)).map((run) => run.lines);
          const here = firsts.findIndex((found) => found.includes(line));
          focus(firsts[(here + 1) % firsts.length]?.[0]);
        }
      };
      const keys = {
        ArrowDown: () => focus(list[at + 1]), ArrowUp: () => focus(list[at - 1]), Home: () => focus(list[0]), End: () => focus(list.at(-1)),
        ArrowLeft: () => across(true), ArrowRight: () => across(false), Enter: () => hold(line), " ": () => hold(line),
        Escape: () => { if (held) hold(held); light(null); },
      };
      if (!keys[event.key]) return;
      event.preventDefault();
      keys[event.key]();
    });

    // Statements of the function that compute what is saved, and those of which nothing is left, are marked for what is shown.
    function mark() {
      for (const line of lines.filter(isPrimal)) {
        const others = counterparts(line);
        line.classList.toggle("keeps", siblings(line)[0] === line && others.some((other) => other.dataset.reads));
        line.classList.toggle("alone", !others.length);
      }
    }

    for (const bar of each(view, "[role=tablist]")) tabs(bar, () => {
      survey();
      if (held && !visible(held)) hold(held);
      light(held);
    });
    primal.addEventListener("scroll", draw, { passive: true });
    addEventListener("scroll", draw, { passive: true });
    new ResizeObserver(draw).observe(split);
    survey();
    draw();
  }

  // A list of tabs, and the panels that follow it.
  function tabs(bar, changed) {
    const buttons = each(bar, "[role=tab]");
    const panels = [...bar.parentNode.children].filter((other) => other.getAttribute("role") === "tabpanel");
    buttons.forEach((button, at) => {
      const panel = panels[at];
      button.id = `srcad-tab-${Date.now().toString(36)}-${counter++}`;
      panel.id = `${button.id}-panel`;
      button.setAttribute("aria-controls", panel.id);
      panel.setAttribute("aria-labelledby", button.id);
      button.addEventListener("click", () => {
        buttons.forEach((other, place) => {
          other.setAttribute("aria-selected", String(other === button));
          other.tabIndex = other === button ? 0 : -1;
          panels[place].hidden = other !== button;
        });
        changed();
      });
      button.addEventListener("keydown", (event) => {
        const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
        if (to === undefined) return;
        event.preventDefault();
        const other = buttons[(to + buttons.length) % buttons.length];
        other.focus();
        other.click();
      });
    });
  }
})();
