/** The page's sentences, in the language of the browser, from the catalogues of the Gradio page. */
export type Catalogue = Record<string, unknown>;

let language = 'en';
let catalogue: Catalogue = {};

/** Choose the language: `?lang=`, or the first of the browser's that there is. */
export function chooseLanguage(all: Record<string, Catalogue>): string {
  const asked = new URLSearchParams(location.search).get('lang');
  const wanted = [asked ?? '', ...navigator.languages.map((one) => one.split('-')[0])];
  language = wanted.find((one) => Object.hasOwn(all, one)) ?? 'en';
  catalogue = all[language];
  return language;
}

/** Name a language in itself. */
export function nameLanguage(code: string): string {
  const name = new Intl.DisplayNames([code], { type: 'language' }).of(code) ?? code;
  return name.slice(0, 1).toLocaleUpperCase(code) + name.slice(1);
}

type Values = Record<string, string | number>;

/** Say a sentence; a `{name:.1f}` in it is written as the language writes numbers. */
export function say(name: string, values: Values = {}): string {
  const found = catalogue[name];
  if (typeof found === 'string') return fill(found, values);
  const forms = found as Record<string, string>;
  const form = new Intl.PluralRules(language).select(Number(values.count));
  return fill(forms[form] ?? forms.other, values);
}

/** One of the sentences of a table in the catalogue; null where it has none of that name. */
export function sayOf(table: string, name: string): string | null {
  return (catalogue[table] as Record<string, string> | undefined)?.[name] ?? null;
}

/** The sentences of a list. */
export function sayAll(name: string): string[] {
  return catalogue[name] as string[];
}

export function percent(share: number, decimals = 1): string {
  return write(share, `.${decimals}%`);
}

/** Name a label within a sentence. */
export function nameLabel(label: string): string {
  return sayOf('LABELS', label) ?? label;
}

/** Write a label as it begins a line. */
export function sayLabel(label: string): string {
  const name = nameLabel(label);
  return name.slice(0, 1).toUpperCase() + name.slice(1);
}

function fill(sentence: string, values: Values): string {
  return sentence.replace(/\{(\w+)(?::([^}]*))?\}/g, (_, name: string, spec: string | undefined) => {
    const value = values[name];
    return typeof value === 'number' ? write(value, spec ?? '') : String(value ?? '');
  });
}

/** Write a number by Python's format: a precision and one of f, g, %. */
function write(value: number, spec: string): string {
  const decimals = Number(/\.(\d+)/.exec(spec)?.[1] ?? 0);
  const exact = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  const style = spec.endsWith('%') ? 'percent' : 'decimal';
  const digits = spec === '' || spec === 'g' ? { maximumSignificantDigits: 6 } : exact;
  return new Intl.NumberFormat(language, { style, ...digits }).format(value);
}
