/**
 * Names that look drawn by lot, as malware makes them to find its server (domain generation algorithms). Only the label
 * that somebody had to register is judged, so that the machine-made names below it (content networks, cloud services)
 * never matter. It is called generated when it has no hyphen and one of these holds:
 *
 *   - at least 9 characters, and letters and digits change places at least 3 times (`0ejzht6i36wpdwk`);
 *   - at least 10 characters, mostly letters, and its pairs of neighbours are rare in English and in the Latin alphabet's
 *     other languages: their mean commonness lies below the bound of its length.
 *
 * Words put together by a list (`tablehorse`), and short names, are not found: rather nothing than a wrong alarm.
 */

/**
 * How common the letter of the column is after the letter of the row: 9 for more than half of the cases, one step less for
 * each factor of 1.7. Counted over 24,800 words of English technical text; pairs that are common in other languages in
 * Latin letters (`sz`, `rz`, `ij`, `xi` …) are raised to 4.
 */
export const followers = [
  '44550140342656040657221120', // a
  '63326100540711520442600040', // b
  '60326206405520710436400014', // c
  '52348311700412520443410014', // d
  '41553320140446132765021510', // e
  '51335610700511610534500020', // f
  '40248135500435420653400000', // g
  '70127000600321610435340020', // h
  '33544340440547630455430203', // i
  '60237300424211630170604020', // j
  '51338232640413320363314010', // k
  '60148100740501620144410040', // l
  '73127000600344560042300010', // m
  '50566360442213520057330000', // n
  '23550230243557340744524100', // o
  '60217103500500640635300040', // p
  '11011200400522102342920000', // q
  '61437120602343620455310034', // r
  '40417114604324450157500034', // s
  '60317205700321530644301044', // t
  '44425330440657250656400000', // u
  '71209100604420400121000000', // v
  '70236115704315610552001000', // w
  '32528401500341260227400340', // x
  '43434331414545370366114014', // y
  '61449204604230530124104043', // z
];

export const MIXED_LENGTH = 9;
export const MIXED_CHANGES = 3;
export const LETTERS_LENGTH = 10;
/** `aaaaaaaaaaaa` is a joke, not a lot. */
export const DISTINCT = 6;
/** Bounds of the mean: a short name may be an abbreviation, a long one hardly. */
export const SHORT_BOUND = 2.5;
export const LONG_BOUND = 2.9;
export const LONG_LENGTH = 12;

/** Second labels under which a country's names are registered: `example.co.uk`. */
export const secondLevels = new Set([
  'ac',
  'co',
  'com',
  'edu',
  'go',
  'gob',
  'gov',
  'gv',
  'ltd',
  'mil',
  'ne',
  'net',
  'nom',
  'or',
  'org',
  'plc',
]);
/** Trees where nothing is registered. */
export const localTrees = new Set([
  'arpa',
  'local',
  'localdomain',
  'lan',
  'home',
  'internal',
  'intranet',
  'corp',
  'test',
  'example',
  'invalid',
  'onion',
]);

/** The label that was registered: `example` of `www.example.co.uk`. Null when there is none. */
export function registeredLabel(name: string): string | null {
  let end = name.endsWith('.') ? name.length - 1 : name.length;
  const topDot = name.lastIndexOf('.', end - 1);
  if (topDot <= 0) return null;
  const top = name.slice(topDot + 1, end).toLowerCase();
  if (localTrees.has(top) || !/^[a-z]{2,24}$/.test(top)) return null;
  end = topDot;
  let dot = name.lastIndexOf('.', end - 1);
  if (top.length === 2 && dot > 0 && secondLevels.has(name.slice(dot + 1, end).toLowerCase())) {
    end = dot;
    dot = name.lastIndexOf('.', end - 1);
  }
  return name.slice(dot + 1, end).toLowerCase();
}

const isDigit = (code: number) => code >= 0x30 && code <= 0x39;

/** Mean commonness of the pairs of letters of a label. */
function commonness(label: string): number {
  let sum = 0;
  let pairs = 0;
  for (let i = 1; i < label.length; i++) {
    const left = label.charCodeAt(i - 1) - 97;
    const right = label.charCodeAt(i) - 97;
    if (left < 0 || right < 0) continue;
    sum += followers[left].charCodeAt(right) - 48;
    pairs++;
  }
  return pairs === 0 ? 9 : sum / pairs;
}

export function looksGenerated(name: string): boolean {
  const label = registeredLabel(name);
  if (label === null || label.length < MIXED_LENGTH || label.length > 63 || !/^[a-z0-9]+$/.test(label)) return false;
  let digits = 0;
  let changes = 0;
  for (let i = 0; i < label.length; i++) {
    const digit = isDigit(label.charCodeAt(i));
    if (digit) digits++;
    if (i > 0 && digit !== isDigit(label.charCodeAt(i - 1))) changes++;
  }
  if (digits === label.length) return false;
  if (changes >= MIXED_CHANGES) return true;
  if (label.length < LETTERS_LENGTH || digits > 2 || new Set(label).size < DISTINCT) return false;
  return commonness(label) < (label.length >= LONG_LENGTH ? LONG_BOUND : SHORT_BOUND);
}
