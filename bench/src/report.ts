/** The result of a benchmark: lines for people, figures for machines. */
export interface BenchResult<Figures extends Record<string, unknown> = Record<string, unknown>> {
  table: { columns: string[]; rows: string[][] };
  figures: Figures;
}

/** A Markdown table with aligned columns. */
export function formatTable({ columns, rows }: BenchResult['table']): string {
  const widths = columns.map((column, index) =>
    Math.max(column.length, ...rows.map((row) => (row[index] ?? '').length)),
  );
  const line = (cells: string[]) =>
    `| ${widths.map((width, index) => (cells[index] ?? '').padEnd(width)).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [line(columns), rule, ...rows.map(line)].join('\n');
}

/** Three significant digits, without an exponent. */
export function formatNumber(value: number): string {
  if (value >= 100) return Math.round(value).toString();
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
