import type { Chart } from './measure.ts';

const WIDTH = 640;
const LABELS = 150;
const FIGURES = 90;
const BAR = 22;
const GAP = 8;
const HEAD = 34;
const FOOT = 26;
/** What the run is about, among its peers. */
const OWN = /^holdfast/;

/** Bars as a picture. Colours are those of the page around it, where it is light or dark. */
export function svg({ unit, bars }: Chart, { title, note }: { title: string; note: string }): string {
  const most = Math.max(...bars.map(({ value }) => value), Number.MIN_VALUE);
  const height = HEAD + bars.length * (BAR + GAP) + FOOT;
  const rows = bars.flatMap(({ name, value }, index) => {
    const y = HEAD + index * (BAR + GAP);
    const middle = y + BAR / 2;
    const length = Math.max(1, (value / most) * (WIDTH - LABELS - FIGURES));
    return [
      `<text class="text" x="${LABELS - 8}" y="${middle}" text-anchor="end" dominant-baseline="central">${escaped(name)}</text>`,
      `<rect class="${OWN.test(name) ? 'own' : 'peer'}" x="${LABELS}" y="${y}" width="${length.toFixed(1)}" height="${BAR}" rx="2"/>`,
      `<text class="text" x="${(LABELS + length + 6).toFixed(1)}" y="${middle}" dominant-baseline="central">${figure(value)} ${escaped(unit)}</text>`,
    ];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escaped(title)}" font-family="sans-serif" font-size="13">`,
    '<style>.text{fill:#24292f}.note{fill:#6e7781;font-size:11px}.own{fill:#0969da}.peer{fill:#afb8c1}',
    '@media(prefers-color-scheme:dark){.text{fill:#e6edf3}.note{fill:#8b949e}.own{fill:#2f81f7}.peer{fill:#484f58}}</style>',
    `<text class="text" x="8" y="20" font-weight="bold">${escaped(title)}</text>`,
    ...rows,
    `<text class="note" x="8" y="${height - 8}">${escaped(note)}</text>`,
    '</svg>\n',
  ].join('\n');
}

function figure(value: number): string {
  if (!Number.isFinite(value)) return '–';
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
