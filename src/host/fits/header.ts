export const RECORD_BYTES = 2880;
export const CARD_BYTES = 80;

/** Values of a FITS header by keyword; comments are left out. */
export type FitsHeader = ReadonlyMap<string, string | number | boolean>;

/** The cards' values (FITS standard 4.0, section 4.2): quoted strings, T and F, numbers with E or D exponents. */
export function parseCards(cards: readonly string[]): FitsHeader {
  const header = new Map<string, string | number | boolean>();
  for (const card of cards) {
    if (card.slice(8, 10) !== "= ") continue;
    const value = parseValue(card.slice(10));
    if (value !== undefined) header.set(card.slice(0, 8).trimEnd(), value);
  }
  return header;
}

function parseValue(field: string): string | number | boolean | undefined {
  const quoted = /^\s*'((?:[^']|'')*)'/.exec(field);
  if (quoted) return quoted[1].replaceAll("''", "'").trimEnd();
  const word = field.split("/")[0].trim();
  if (word === "T" || word === "F") return word === "T";
  const number = Number(word.replace(/[dD]/, "E"));
  return word === "" || Number.isNaN(number) ? undefined : number;
}
