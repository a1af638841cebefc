/** docs/parity.md from what the tests measured. */

const INTRODUCTION = `# Parity with romancal 1.0.1, measured

How far every column, plane, metadata key and option is from what romancal 1.0.1 makes of the same input, and which test says so.
\`npm run docs:parity\` runs the comparisons of \`npm test\` (stored products of romancal; no Python is needed) and writes this page from what they
measured; a test holds it to the columns and options there are. Differences on purpose are in [differences.md](differences.md).

| unit       | one of it is                                                       |
| ---------- | ------------------------------------------------------------------ |
| σ          | the error that romancal gives for that pixel or flux               |
| pixel      | a pixel of the mosaic                                              |
| relative   | romancal's value (values near 0: 0.01 of the column's median)      |
| differ     | how many pixels, rows or keys differ, of how many                  |

"worst" is the greatest difference, "99 %" what 99 of 100 stay below. A few pixels may exceed a limit (f32 and f64 fall on two sides of a
threshold or of an image's edge); how many is said, and \`test/parity/compare.ts\` says how many may. NaN: no value on either side. The cases are those of [tools/oracle](../tools/oracle/README.md): bundled (4 exposures, 600 x 600),
pole (3, RA 0 and a bare rim), sky (5, without var_rnoise), options (3 exposures of 66 x 70), small (a crowded mosaic of 100 x 100), full (4 exposures
of 4088 x 4088, 5000 x 5000).`;

const UNITS = { sigma: "σ", relative: "relative", pixel: "pixel" };

export function parityPage({ records, behaviour, fullCase, columns, pipeline, steps, showValue }) {
  const of = (kind) => records.filter((record) => record.kind === kind);
  return `${[
    INTRODUCTION,
    "## Catalog columns",
    columnTable(of("column"), columns, fullCase),
    "## Mosaic, exposures and segmentation map",
    planeTable(of("plane"), fullCase),
    "## Metadata of the mosaic",
    metaTable(of("meta")),
    "## Options",
    "Of the cases that give an option a value, those that change the fewest others, three at most. Where an option changes no number, its behaviour is tested.",
    ...optionSections(of("option"), behaviour, pipeline, steps, showValue),
    "## The full case",
    fullSection(fullCase),
  ].join("\n\n")}\n`;
}

const table = (head, rows) =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

function show(value) {
  const number = Number(value);
  if (number === 0) return "0";
  if (!Number.isFinite(number)) return String(value);
  return number >= 0.01 && number < 1000 ? String(Number(number.toPrecision(2))) : number.toExponential(0);
}

/** A figure in words: "2e-5 σ", "3 of 505 differ". */
function figure({ unit, count, beyond, worst }) {
  if (count === 0) return "NaN";
  if (/differ$/.test(unit))
    return beyond === 0 && Number(worst) === 0 ? "0" : `${beyond || worst} of ${count}`;
  return `${show(worst)}${beyond ? ` (${beyond} of ${count} beyond)` : ""}`;
}

const unitOf = ({ unit }) => (/differ$/.test(unit) ? "differ" : (UNITS[unit] ?? unit));
const code = (text) => `\`${String(text).replaceAll("|", "\\|")}\``;
const testsOf = (records) => [...new Set(records.map(({ test }) => code(test.file)))].join(", ");

const CASES = ["bundled", "pole", "sky"];

function columnTable(records, columns, { catalog }) {
  const small = (record) => record.case.startsWith("small");
  const rows = columns.map((name) => {
    const own = records.filter((record) => record.name === name);
    if (own.length === 0) return [code(name), "not compared", "", "", "", "", "", "", ""];
    const known = own.filter(({ measures: [{ count }] }) => count > 0);
    const [first] = [...known.filter((record) => !small(record)), ...known, ...own];
    const [{ unit, limit }] = first.measures;
    const inCase = (test) => {
      const found = own.filter(test).flatMap((record) => record.measures);
      return found.length ? figure(worstOf(found)) : "-";
    };
    return [
      code(name),
      unitOf({ unit }),
      show(limit),
      ...CASES.map((name) => inCase((record) => record.case === name)),
      inCase(small),
      catalog[name] === undefined ? "-" : figure(catalog[name]),
      code(first.test.file),
    ];
  });
  const head = ["column", "unit", "limit", ...CASES, "small", "full", "test"];
  return `${columns.length} columns; the worst difference on each case.\n\n${table(head, rows)}`;
}

/** The measure that is farthest from its limit on the wrong side. */
function worstOf(measures) {
  return measures.reduce((worst, next) => (Number(next.worst) > Number(worst.worst) ? next : worst));
}

function planeTable(records, { planes }) {
  const rows = records.map(({ name, case: where, measures: [found], test }) => [
    code(name),
    where,
    found.what,
    unitOf(found),
    show(found.limit),
    show(found.p9999),
    figure(found),
    String(found.count),
    code(test.file),
  ]);
  for (const [name, found] of Object.entries(planes))
    rows.push([
      code(name),
      "full",
      "every pixel",
      unitOf(found),
      show(found.limit),
      show(found.p9999),
      figure(found),
      String(found.count),
      "`tools/oracle/compare.py`",
    ]);
  rows.sort((a, b) => a[0].localeCompare(b[0]) || a[1].localeCompare(b[1]) || a[2].localeCompare(b[2]));
  return table(["plane", "case", "of", "unit", "limit", "99.99 %", "worst", "values", "test"], rows);
}

function metaTable(records) {
  const names = [...new Set(records.map(({ name }) => name))].sort();
  const rows = names.map((name) => {
    const own = records.filter((record) => record.name === name);
    const [numbers, others] = [0, 1].map((k) => own.map(({ measures }) => measures[k]));
    const sum = (list, key) => list.reduce((total, measure) => total + measure[key], 0);
    return [
      code(name),
      String(sum(numbers, "count")),
      sum(numbers, "count") ? show(worstOf(numbers).worst) : "-",
      show(numbers[0].limit),
      String(sum(others, "count")),
      String(sum(others, "beyond")),
      [...new Set(own.map((record) => record.case))].join(", "),
      testsOf(own.slice(0, 1)),
    ];
  });
  const head = ["key", "numbers", "worst, relative", "limit", "words", "that differ", "cases", "test"];
  return table(head, rows);
}

/** "2e-5 σ of data": one line for each quantity that an option's case compared. */
function quantities(measures) {
  const groups = new Map();
  for (const measure of measures) {
    const key = unitOf(measure);
    groups.set(key, [...(groups.get(key) ?? []), measure]);
  }
  return [...groups].map(([unit, list]) => {
    const names = list.map(({ what }) => what).join(", ");
    const beyond = list.reduce((sum, one) => sum + one.beyond, 0);
    const count = list.reduce((sum, one) => sum + one.count, 0);
    if (unit === "differ") {
      const [{ worst }] = list;
      return `${names}: ${count === 1 ? worst : beyond} differ`;
    }
    const p99 = Math.max(...list.map((one) => Number(one.p99)));
    return `${names}: 99 % ${show(p99)}, worst ${show(worstOf(list).worst)} ${unit}${beyond ? `, ${beyond} of ${count} beyond` : ""}`;
  });
}

function optionSections(records, behaviour, pipeline, steps, showValue) {
  const specs = Object.values(steps);
  const common = Object.keys(steps.flux).filter(
    (name) => name in pipeline && specs.every((spec) => name in spec),
  );
  const sections = [
    ["Every step and the pipelines", "*", common.map((name) => [name, pipeline[name]])],
    ["roman_mos and roman_hlp", "roman_mos", own(pipeline, common)],
    ...Object.entries(steps).map(([step, spec]) => [step, step, own(spec, common)]),
  ];
  return sections.flatMap(([title, step, options]) => [
    `### ${title}`,
    options.length ? optionTable(step, options, records, behaviour, showValue) : "None of its own.",
  ]);
}

const own = (spec, common) => Object.entries(spec).filter(([name]) => !common.includes(name));

function optionTable(step, options, records, behaviour, showValue) {
  const rows = options.flatMap(([name, { default: value }]) => {
    const given = records.filter((record) => record.step === step && name in record.options);
    const numbers = plainest(given, name).map((record) => [
      code(showValue(record.options[name])),
      besides(record.options, name, showValue),
      quantities(record.measures).join("; "),
      `${code(record.test.file)}: ${record.test.title}`,
    ]);
    const words = (behaviour[`${step}.${name}`] ?? []).map(({ file, title, what }) => [
      "",
      "",
      what,
      `${code(file)}: ${title}`,
    ]);
    const all = [...numbers, ...words];
    if (all.length === 0) all.push(["", "", "not tested", ""]);
    return all.map((cells, k) => [k ? "" : code(name), k ? "" : code(showValue(value)), ...cells]);
  });
  return table(["option", "default", "value", "with", "from romancal's", "test"], rows);
}

/** Of the cases of each value those that change the fewest other options, three at most. */
function plainest(records, name) {
  const others = ({ options }) => Object.keys(options).length;
  const key = ({ options }) => JSON.stringify(options[name]);
  const fewest = new Map();
  for (const record of records)
    fewest.set(key(record), Math.min(fewest.get(key(record)) ?? Infinity, others(record)));
  const taken = new Map();
  return records.filter((record) => {
    if (others(record) !== fewest.get(key(record))) return false;
    taken.set(key(record), (taken.get(key(record)) ?? 0) + 1);
    return taken.get(key(record)) <= 3;
  });
}

function besides(options, name, showValue) {
  const others = Object.entries(options).filter(
    ([other, value]) => other !== name && !(other === "resample_on_skycell" && value === false),
  );
  return others.map(([other, value]) => code(`${other}=${showValue(value)}`)).join(", ");
}

function fullSection({ date, commands, sources }) {
  return `Four exposures made by \`tools/oracle/simulate.py full\`, all options at their defaults, ${sources} sources; both products compared on ${date} by

${commands.map((line) => `    ${line}`).join("\n")}

with \`--record full_case.json\`. The figures are in the tables above, under "full". \`npm run docs:parity\` does not measure them anew: they need romancal's products of that case.`;
}
